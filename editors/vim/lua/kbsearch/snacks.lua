-- SPDX-License-Identifier: GPL-2.0-or-later
-- For snacks.nvim: require('kbsearch.snacks')() as you type.
local kb = require('kbsearch')

-- A finder of snacks' runs in a coroutine of its own, which sleeps until the answer is there.
local function finder(_, context)
  local text = context.filter.search
  return function(take)
    if not text:find('%S') then
      return
    end
    local answered
    vim.schedule(function()
      kb.search(text, 'snacks', 100, function(err, result)
        answered = { err, result }
        context.async:resume()
      end)
    end)
    while not answered do
      context.async:suspend()
    end
    local err, result = answered[1], answered[2]
    if err and err.reason ~= 'cancelled' then
      local message = 'kbsearch: ' .. err.message:gsub('%c', ' ')
      take({ text = message, line = message })
    end
    for _, hit in ipairs(err and {} or result.hits) do
      take({
        text = kb.row(hit),
        line = (kb.row(hit)),
        file = hit.path,
        pos = { hit.match_line, hit.col - 1 },
        hit = hit,
      })
    end
  end
end

return function(opts)
  require('snacks').picker.pick(vim.tbl_extend('keep', opts or {}, {
    source = 'kbsearch',
    title = 'kbsearch',
    live = true,
    supports_live = true,
    finder = finder,
    format = 'file',
    confirm = function(picker, item)
      picker:close()
      if item and item.hit then
        -- Closing ends insert mode, which takes the cursor one column back, after this.
        vim.schedule(function()
          kb.open(item.hit)
        end)
      end
    end,
  }))
end
