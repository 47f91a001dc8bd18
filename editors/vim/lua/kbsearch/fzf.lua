-- SPDX-License-Identifier: GPL-2.0-or-later
-- For fzf-lua: require('kbsearch.fzf')() as you type.
local kb = require('kbsearch')

local function line(hit)
  return ('%s:%d:%d:%s'):format(hit.path, hit.match_line, hit.col, (kb.row(hit)))
end

-- fzf-lua calls the contents with the text; they hand lines on as they come, and nil at the end.
local function contents(text)
  text = type(text) == 'table' and text[1] or text or ''
  return function(take)
    if not text:find('%S') then
      return take(nil)
    end
    kb.search(text, 'fzf-lua', 100, function(err, result)
      if err and err.reason ~= 'cancelled' then
        -- <none> is what fzf-lua after tag 0.7 does not open.
        take('<none>:0:0:' .. err.message:gsub('%c', ' '))
      end
      for _, hit in ipairs(err and {} or vim.fn['kbsearch#hits'](result)) do
        take(line(hit))
      end
      take(nil)
    end)
  end
end

return function(opts)
  local fzf = require('fzf-lua')
  fzf.fzf_live(contents, vim.tbl_extend('keep', opts or {}, {
    prompt = 'kbsearch> ',
    previewer = 'builtin',
    exec_empty_query = false,
    func_async_callback = false, -- fzf-lua of 2025-04 and before: lines come from no coroutine
    actions = fzf.defaults.actions.files,
    fzf_opts = { ['--delimiter'] = ':', ['--with-nth'] = '4..' },
  }))
end
