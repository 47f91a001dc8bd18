-- SPDX-License-Identifier: GPL-2.0-or-later
-- The sources for telescope, fzf-lua and snacks, with stubs that call them as those plugins do, and
-- refuse what those have not: members, options, fields and orders of calls. Writes $T/tap.
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
local function here()
  return ('%s:%d:%d'):format(vim.fn.expand('%:t'), vim.fn.line('.'), vim.fn.col('.'))
end
local function place(path, line, col)
  return ('%s:%d:%d'):format(vim.fn.fnamemodify(path, ':t'), line, col)
end

local refused = {}
local function refuse(...)
  refused[#refused + 1] = table.concat({ ... }, ' ')
  error(refused[#refused], 2)
end
-- A module of a plugin: what it has not is no nil, as it is when one mistypes.
local function module(name, members)
  package.loaded[name] = setmetatable(members, {
    __index = function(_, key)
      refuse(name, 'has no', tostring(key))
    end,
  })
end
-- known: "name type[|type...] ..."; "!" after the type: it must be there.
local function fields(what, given, known)
  local types = {}
  for name, of, must in known:gmatch('(%S+) ([%w|]+)(!?)') do
    types[name] = of
    if must == '!' and given[name] == nil then
      refuse(what, 'needs', name)
    end
  end
  for name, value in pairs(given) do
    if not types[name] then
      refuse(what, 'has no', tostring(name))
    elseif not ('|' .. types[name] .. '|'):find('|' .. type(value) .. '|', 1, true) then
      refuse(what, name, 'is no', type(value))
    end
  end
end
-- Until what is scheduled now has run, and what that schedules.
local function settle()
  local turns = 0
  local function turn()
    turns = turns + 1
    if turns < 3 then
      vim.schedule(turn)
    end
  end
  vim.schedule(turn)
  wait(function()
    return turns == 3
  end)
end
-- Both end insert mode after the action that closed them: the cursor goes one column back.
local function leave_insert()
  vim.schedule(function()
    local at = vim.api.nvim_win_get_cursor(0)
    vim.api.nvim_win_set_cursor(0, { at[1], math.max(at[2] - 1, 0) })
  end)
end

-- --- telescope: finder(text, on_entry, on_end); an entry has a display, a value and a place
local picker, replaced, selected, mapping, closed, shown
module('telescope', {
  register_extension = function(extension)
    fields('an extension', extension, 'setup function exports table! health function')
    return extension
  end,
})
local previewer = {}
module('telescope.config', {
  values = {
    grep_previewer = function(opts)
      if type(opts) ~= 'table' then
        refuse('grep_previewer needs options')
      end
      return previewer
    end,
  },
})
module('telescope.sorters', {
  empty = function()
    return { score = function() end }
  end,
})
module('telescope.actions', {
  select_default = {
    replace = function(self, action)
      if self ~= package.loaded['telescope.actions'].select_default or type(action) ~= 'function' then
        refuse('select_default:replace(action)')
      elseif not mapping then
        refuse('replaced outside attach_mappings: a new picker clears it')
      end
      replaced = action
    end,
  },
  close = function(prompt)
    if prompt ~= 7 then
      refuse('close: the prompt is 7')
    end
    closed = true
    picker.finder:close()
    leave_insert()
  end,
})
module('telescope.actions.state', {
  get_selected_entry = function()
    if closed then
      refuse('the selected entry is gone with the picker')
    end
    return selected
  end,
})
module('telescope.pickers', {
  new = function(opts, spec)
    fields('a picker', spec, 'prompt_title string! finder table! sorter table! previewer table attach_mappings function'
      .. ' results_title string preview_title string default_text string layout_strategy string layout_config table')
    if type(opts) ~= 'table' or not getmetatable(spec.finder).__call or type(spec.finder.close) ~= 'function' then
      refuse('pickers.new(opts, { finder = what can be called and closed })')
    end
    picker = spec
    return {
      find = function()
        mapping = true
        if spec.attach_mappings(7, function() end) == nil then
          refuse('attach_mappings must return true or false')
        end
        mapping, shown = false, true
      end,
    }
  end,
})
require('telescope._extensions.kbsearch').exports.kbsearch()
ok(shown and replaced and picker.previewer == previewer, 'telescope: a picker is shown')
local find_id, entries, ended = 0, {}, {}
local function type_text(text)
  find_id = find_id + 1
  local mine = find_id
  entries[mine] = {}
  picker.finder(text, function(entry)
    if vim.in_fast_event() or ended[mine] then
      refuse('an entry outside the main loop or after the end')
    end
    fields('an entry', entry, 'value string|table! ordinal string! display string|function! index number! filename string'
      .. ' lnum number col number valid boolean')
    if mine ~= find_id then
      return true
    end
    table.insert(entries[mine], entry)
  end, function()
    if ended[mine] then
      refuse('ended twice')
    end
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
local good = not display:find('\n') and #highlights > 2
for _, highlight in ipairs(highlights) do
  good = good and 0 <= highlight[1][1] and highlight[1][1] <= highlight[1][2] and highlight[1][2] <= #display
    and vim.fn.hlexists(highlight[2]) == 1
end
ok(good and display:lower():find('closed'), 'telescope: a row and its highlights', display, highlights)
ok(first.filename and first.lnum > 0 and first.col > 0, 'telescope: where it is', first)
type_text('date:nonsense')
ok(wait(function()
  return ended[4]
end) and #entries[4] == 1 and entries[4][1].display:find('^kbsearch: .*date'), 'telescope: an error is a row', entries[4])
-- A previewer expands the value of what has no filename, backticks and all.
ok(entries[4][1].value == '' and not entries[4][1].filename, 'telescope: an error is no file', entries[4])
type_text(' ')
ok(ended[5] and #entries[5] == 0, 'telescope: nothing typed')
local before = here()
selected = entries[4][1]
replaced(7)
settle()
ok(here() == before, 'telescope: Enter on an error opens nothing', here())
selected, closed = first, false
replaced(7)
settle()
ok(here() == place(first.filename, first.lnum, first.col), 'telescope: Enter opens it, at its column', here(), first)

-- --- fzf-lua: contents gives a function of a function that takes lines, then nil
-- The text is a string until 2025-04 (tag 0.7, for Neovim 0.7), where a line taken waits in a
-- coroutine unless func_async_callback is false; later it is a table, and nothing waits.
local contents, options
module('fzf-lua', {
  defaults = { actions = { files = { enter = 'open' } } },
  fzf_live = function(of, opts)
    fields('fzf_live', opts, 'prompt string previewer string|table|boolean exec_empty_query boolean actions table'
      .. ' fzf_opts table func_async_callback boolean query string winopts table fn_transform function cwd string')
    for name in pairs(opts.fzf_opts) do
      if not name:find('^%-%-') then
        refuse('fzf_opts:', name)
      end
    end
    contents, options = of, opts
  end,
})
require('kbsearch.fzf')({ prompt = 'mine> ' })
ok(options.prompt == 'mine> ' and options.actions.enter == 'open', "fzf-lua: one's own options hold", options)
local function lines_for(text, old)
  local lines, done = {}, false
  local function take(line)
    if vim.in_fast_event() or done then
      refuse('a line outside the main loop or after the end')
    elseif line and line:find('\n') then
      refuse('more than a line')
    end
    lines[#lines + 1] = line
    done = line == nil
    if old and line and options.func_async_callback ~= false then
      local co = coroutine.running()
      if not co then
        refuse('a line from no coroutine')
      end
      vim.schedule(function()
        coroutine.resume(co)
      end)
      coroutine.yield()
    end
  end
  if old then
    coroutine.wrap(function()
      contents(text)(take)
    end)()
  else
    contents({ text }, options)(take)
  end
  return wait(function()
    return done
  end), lines
end
for _, old in ipairs({ true, false }) do
  local which = old and 'fzf-lua 0.7: ' or 'fzf-lua: '
  local done, lines = lines_for('closed sour', old)
  ok(done and #lines > 1, which .. 'lines, and their end', lines)
  local path, line = (lines[1] or ''):match('^(.-):(%d+):%d+:.*[Cc]losed')
  ok(path and vim.fn.readfile(path)[tonumber(line)], which .. 'file, line and column first', lines[1])
  done, lines = lines_for('date:nonsense', old)
  -- fzf shows what stands after the third colon.
  ok(done and #lines == 1 and lines[1]:find('^<none>:0:0:.*date'), which .. 'an error is a line', lines)
  done, lines = lines_for('', old)
  ok(done and #lines == 0, which .. 'nothing typed', lines)
end

-- --- snacks: finder(opts, context) gives a function that runs in a coroutine of its own, which is
-- resumed in a callback of the event loop, where no API of Neovim may be called
local source
module('snacks', {
  picker = {
    pick = function(opts)
      fields('pick', opts, 'source string title string live boolean supports_live boolean finder function! format string'
        .. ' confirm function preview string|function layout table|string limit number prompt string')
      source = opts
    end,
  },
})
require('kbsearch.snacks')({ title = 'mine' })
ok(source.title == 'mine' and source.live and source.format == 'file', "snacks: one's own options hold", source)
local uv = vim.uv or vim.loop
local function run(text)
  local task, async = { items = {} }, {}
  local co, suspended
  local context = setmetatable({ filter = { search = text } }, {
    __index = function(_, key)
      refuse('the context has no', key, 'outside the coroutine')
    end,
  })
  local function step()
    local check = uv.new_check()
    check:start(function()
      check:close()
      local good, err = coroutine.resume(co)
      task.failed = not good and err or nil
      task.done = coroutine.status(co) == 'dead'
    end)
  end
  function async:suspend()
    if coroutine.running() ~= co then
      refuse('suspended from outside')
    end
    suspended = true
    coroutine.yield()
    if task.aborted then
      error('aborted')
    end
  end
  function async:resume()
    if suspended then
      suspended = false
      step()
    end
  end
  function task.abort()
    task.aborted = true
    async:resume()
  end
  local find = source.finder(source, context)
  co = coroutine.create(function()
    rawset(context, 'async', async)
    find(function(item)
      if coroutine.running() ~= co then
        refuse('an item from outside')
      end
      fields('an item', item, 'text string! line string file string pos table hit table')
      task.items[#task.items + 1] = item
    end)
  end)
  step()
  return task
end
local function items_for(text)
  local task = run(text)
  return wait(function()
    return task.done
  end) and not task.failed, task.items, task.failed
end
local finished, items, failed = items_for('closed sour')
ok(finished and #items > 0, 'snacks: items, and their end', items, failed)
local item = items[1]
ok(item.file and item.pos[1] > 0 and item.pos[2] >= 0 and item.text:lower():find('closed') and item.line == item.text,
  'snacks: where it is, and its row', item)
local older = run('close')
older.abort()
finished, items, failed = items_for('closed sour')
ok(finished and #items > 0 and #older.items == 0, 'snacks: the newest text has the list', items, older, failed)
local wrong
finished, wrong, failed = items_for('date:nonsense')
ok(finished and #wrong == 1 and wrong[1].text:find('^kbsearch: .*date') and not wrong[1].file,
  'snacks: an error is a row', wrong, failed)
finished, items, failed = items_for(' ')
ok(finished and #items == 0, 'snacks: nothing typed', items, failed)
local closes = 0
local shown_picker = {
  close = function()
    closes = closes + 1
    leave_insert()
  end,
}
vim.cmd('enew')
source.confirm(shown_picker, wrong[1])
source.confirm(shown_picker, nil)
settle()
ok(closes == 2 and vim.fn.expand('%') == '', 'snacks: Enter on an error or on nothing opens nothing', here())
source.confirm(shown_picker, item)
settle()
ok(closes == 3 and here() == place(item.file, item.pos[1], item.pos[2] + 1), 'snacks: Enter opens it, at its column', here(), item)
ok(#refused == 0, 'nothing that the plugins have not', refused)
tap:close()
