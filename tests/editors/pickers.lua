-- SPDX-License-Identifier: GPL-2.0-or-later
-- The sources for telescope, fzf-lua and snacks, with stubs that call them as those plugins do.
-- Writes $T/tap.
local tap = assert(io.open(os.getenv('T') .. '/tap', 'w'))
local function ok(good, name, ...)
  tap:write(good and 'ok ' or 'not ok ', name, '\n')
  for _, got in ipairs(good and {} or { ... }) do
    tap:write('# ', vim.inspect(got):gsub('\n', '\n# '), '\n')
  end
end
local function wait(ready)
  return vim.wait(10000, ready, 5)
end
local function said(pattern)
  return wait(function()
    return vim.fn.execute('messages'):find(pattern)
  end)
end
local function here()
  return vim.fn.expand('%:t') .. ':' .. vim.fn.line('.')
end

-- --- telescope: finder(text, on_entry, on_end); an entry has a display, a value and a place
local picker, replaced, selected
package.loaded['telescope'] = {
  register_extension = function(extension)
    return extension
  end,
}
package.loaded['telescope.config'] = { values = { grep_previewer = function() end } }
package.loaded['telescope.sorters'] = { empty = function() end }
package.loaded['telescope.actions'] = {
  select_default = {
    replace = function(_, action)
      replaced = action
    end,
  },
  close = function()
    picker.finder:close()
  end,
}
package.loaded['telescope.actions.state'] = {
  get_selected_entry = function()
    return selected
  end,
}
package.loaded['telescope.pickers'] = {
  new = function(_, spec)
    picker = spec
    return { find = function() end }
  end,
}
require('telescope._extensions.kbsearch').exports.kbsearch()
ok(picker.attach_mappings(1, function() end) == true, 'telescope: its mappings stay')
local find_id, entries, ended = 0, {}, {}
local function type_text(text)
  find_id = find_id + 1
  local mine = find_id
  entries[mine] = {}
  picker.finder(text, function(entry)
    if mine ~= find_id then
      return true
    end
    table.insert(entries[mine], entry)
  end, function()
    ended[mine] = true
  end)
end
for _, text in ipairs({ 'c', 'closed', 'closed sour' }) do
  type_text(text)
end
ok(wait(function()
  return ended[3]
end) and #entries[3] > 0 and #entries[1] + #entries[2] == 0, 'telescope: the newest text has the list', entries)
local first = entries[3][1]
local display, highlights = first.display(first)
ok(display:lower():find('closed') and #highlights > 2, 'telescope: a row and its highlights', display, highlights)
ok(first.filename and first.lnum > 0 and first.col > 0 and type(first.ordinal) == 'string', 'telescope: where it is', first)
type_text('date:nonsense')
ok(wait(function()
  return ended[4]
end) and said('kbsearch: .*date'), 'telescope: an error is told')
type_text(' ')
ok(ended[5] and #entries[5] == 0, 'telescope: nothing typed')
selected = first
replaced()
ok(here() == vim.fn.fnamemodify(first.filename, ':t') .. ':' .. first.lnum, 'telescope: Enter opens it', here(), first)

-- --- fzf-lua: contents({ text }, opts) gives a function of a function that takes lines, then nil
local contents, options
package.loaded['fzf-lua'] = {
  defaults = { actions = { files = { enter = 'open' } } },
  fzf_live = function(of, opts)
    contents, options = of, opts
  end,
}
require('kbsearch.fzf')({ prompt = 'mine> ' })
ok(options.prompt == 'mine> ' and options.actions.enter == 'open', "fzf-lua: one's own options hold", options)
local function lines_for(text)
  local lines, done = {}, false
  contents({ text }, options)(function(line)
    lines[#lines + 1] = line
    done = done or line == nil
  end)
  return wait(function()
    return done
  end), lines
end
local done, lines = lines_for('closed sour')
ok(done and #lines > 0, 'fzf-lua: lines, and their end', lines)
local path, line = (lines[1] or ''):match('^(.-):(%d+):%d+:.*[Cc]losed')
ok(path and vim.fn.readfile(path)[tonumber(line)], 'fzf-lua: file, line and column first', lines[1])
done, lines = lines_for('date:nonsense')
ok(done and #lines == 1 and lines[1]:find('kbsearch: .*date'), 'fzf-lua: an error is a line', lines)
done, lines = lines_for('')
ok(done and #lines == 0, 'fzf-lua: nothing typed', lines)

-- --- snacks: finder(opts, context) gives a function that runs in a coroutine of its own
local source
package.loaded['snacks'] = {
  picker = {
    pick = function(opts)
      source = opts
    end,
  },
}
require('kbsearch.snacks')({ title = 'mine' })
ok(source.title == 'mine' and source.live and source.format == 'file', "snacks: one's own options hold", source)
local function items_for(text)
  local items, co, suspended = {}, nil, false
  local context = { filter = { search = text }, async = {} }
  function context.async:suspend()
    suspended = true
    coroutine.yield()
  end
  function context.async:resume()
    if suspended then
      suspended = false
      assert(coroutine.resume(co))
    end
  end
  co = coroutine.create(function()
    source.finder(source, context)(function(item)
      items[#items + 1] = item
    end)
  end)
  assert(coroutine.resume(co))
  return wait(function()
    return coroutine.status(co) == 'dead'
  end), items
end
local finished, items = items_for('closed sour')
ok(finished and #items > 0, 'snacks: items, and their end', items)
local item = items[1]
ok(item.file and item.pos[1] > 0 and item.pos[2] >= 0 and item.text:lower():find('closed') and item.line == item.text,
  'snacks: where it is, and its row', item)
vim.cmd('messages clear')
finished, items = items_for('date:nonsense')
ok(finished and #items == 0 and said('kbsearch: .*date'), 'snacks: an error is told')
finished, items = items_for(' ')
ok(finished and #items == 0, 'snacks: nothing typed')
local closed
source.confirm({
  close = function()
    closed = true
  end,
}, item)
ok(closed and here() == vim.fn.fnamemodify(item.file, ':t') .. ':' .. item.pos[1], 'snacks: Enter opens it', here(), item)
tap:close()
