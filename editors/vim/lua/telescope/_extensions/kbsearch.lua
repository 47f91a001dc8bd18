-- SPDX-License-Identifier: GPL-2.0-or-later
-- :Telescope kbsearch, after require('telescope').load_extension('kbsearch')
local kb = require('kbsearch')
local telescope = require('telescope')

local function entry(hit)
  local display, marks = kb.row(hit)
  local highlights = {}
  for i, mark in ipairs(marks) do
    highlights[i] = { { mark[2], mark[3] }, mark[1] }
  end
  return {
    value = hit,
    ordinal = hit.id,
    display = function()
      return display, highlights
    end,
    filename = hit.path,
    lnum = hit.match_line,
    col = hit.col,
  }
end

-- A row, since telescope draws over a message; it is no file, and nothing opens it.
local function complaint(err)
  return { index = 1, value = '', ordinal = '', display = 'kbsearch: ' .. err.message:gsub('%c', ' ') }
end

-- A finder of telescope's is called with the text, and hands each entry on.
local function finder()
  local asked
  return setmetatable({
    close = function()
      if asked then
        kb.cancel(asked)
      end
    end,
  }, {
    __call = function(_, text, on_entry, on_end)
      if asked then
        kb.cancel(asked)
      end
      if not text:find('%S') then
        return on_end()
      end
      asked = kb.search(text, 'telescope', 100, function(err, result)
        if err then
          if err.reason ~= 'cancelled' then
            on_entry(complaint(err))
          end
          return on_end()
        end
        for i, hit in ipairs(vim.fn['kbsearch#hits'](result)) do
          local made = entry(hit)
          made.index = i
          if on_entry(made) then
            break
          end
        end
        on_end()
      end)
    end,
  })
end

local function pick(opts)
  opts = opts or {}
  local config = require('telescope.config').values
  local actions = require('telescope.actions')
  local action_state = require('telescope.actions.state')
  require('telescope.pickers')
    .new(opts, {
      prompt_title = 'kbsearch',
      finder = finder(),
      sorter = require('telescope.sorters').empty(),
      previewer = config.grep_previewer(opts),
      attach_mappings = function(prompt)
        actions.select_default:replace(function()
          local selected = action_state.get_selected_entry()
          actions.close(prompt)
          if selected and selected.filename then
            -- Closing ends insert mode, which takes the cursor one column back, after this.
            vim.schedule(function()
              kb.open(selected.value)
            end)
          end
        end)
        return true
      end,
    })
    :find()
end

return telescope.register_extension({ exports = { kbsearch = pick } })
