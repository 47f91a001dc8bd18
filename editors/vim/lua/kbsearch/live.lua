-- SPDX-License-Identifier: GPL-2.0-or-later
-- :KbLive in Neovim: a floating window for what is typed, one below for the hits. Each change asks
-- anew in one session, so that the daemon drops what was asked before; an answer to older text is
-- never shown.
local kb = require('kbsearch')
local M = {}

local space = vim.api.nvim_create_namespace('kbsearch')
local live

local function show(text, err, result)
  if not live or live.text ~= text or (err and err.reason == 'cancelled') then
    return
  end
  live.shown, live.hits = text, err and {} or vim.fn['kbsearch#hits'](result)
  local rows, marks = {}, {}
  for i, hit in ipairs(live.hits) do
    rows[i], marks[i] = kb.row(hit, live.width)
  end
  if err then
    rows = { (err.message:gsub('%c', ' ')) }
  elseif #rows == 0 then
    rows = { text:find('%S') and 'no hit' or '' }
  end
  vim.api.nvim_buf_set_lines(live.list_buf, 0, -1, false, rows)
  for i, of_row in ipairs(marks) do
    for _, mark in ipairs(of_row) do
      vim.api.nvim_buf_add_highlight(live.list_buf, space, mark[1], i - 1, mark[2], mark[3])
    end
  end
  vim.api.nvim_win_set_cursor(live.list, { 1, 0 })
  local notices = err and {} or vim.fn['kbsearch#notices'](result)
  if #live.hits > 0 then
    table.insert(notices, 1, result.total .. ' hits')
  end
  vim.api.nvim_buf_clear_namespace(live.prompt_buf, space, 0, -1)
  vim.api.nvim_buf_set_extmark(live.prompt_buf, space, 0, 0, {
    virt_text = { { table.concat(notices, '; '), 'Comment' } },
    virt_text_pos = 'right_align',
  })
  vim.cmd('silent doautocmd <nomodeline> User KbsearchLive')
end

local function typed()
  if not live then
    return
  end
  local text = vim.api.nvim_buf_get_lines(live.prompt_buf, 0, 1, false)[1] or ''
  if text == live.text then
    return
  end
  live.text = text
  if live.id then
    kb.cancel(live.id)
    live.id = nil
  end
  if not text:find('%S') then
    return show(text, nil, {})
  end
  live.id = kb.search(text, 'live', live.height, function(err, result)
    show(text, err, result)
  end)
end

function M.close()
  if not live then
    return
  end
  local was = live
  live = nil
  if was.id then
    kb.cancel(was.id)
  end
  vim.cmd('stopinsert')
  for _, win in ipairs({ was.prompt, was.list }) do
    if vim.api.nvim_win_is_valid(win) then
      vim.api.nvim_win_close(win, true)
    end
  end
  if vim.api.nvim_win_is_valid(was.from) then
    vim.api.nvim_set_current_win(was.from)
  end
end

-- What is typed, what the list shown was asked with, its rows; empty when closed.
function M.state()
  return live
      and {
        text = live.text,
        shown = live.shown,
        rows = vim.api.nvim_buf_get_lines(live.list_buf, 0, -1, false),
      }
    or vim.empty_dict()
end

local function step(by)
  if live and #live.hits > 0 then
    local at = vim.api.nvim_win_get_cursor(live.list)[1] + by
    vim.api.nvim_win_set_cursor(live.list, { (at - 1) % #live.hits + 1, 0 })
  end
end

local function take(how)
  local hit = live and live.hits[vim.api.nvim_win_get_cursor(live.list)[1]]
  if hit then
    M.close()
    vim.schedule(function()
      kb.open(hit, how)
    end)
  end
end

local function to_list()
  if live and live.text:find('%S') then
    local text = live.text
    M.close()
    vim.fn['kbsearch#search'](text, true)
  end
end

local function window(row, height, focus)
  local buf = vim.api.nvim_create_buf(false, true)
  vim.bo[buf].bufhidden = 'wipe'
  local width = math.min(vim.o.columns - 4, 120)
  local win = vim.api.nvim_open_win(buf, focus, {
    relative = 'editor',
    style = 'minimal',
    border = 'single',
    width = width,
    height = height,
    row = row,
    col = math.floor((vim.o.columns - width) / 2) - 1,
  })
  vim.wo[win].wrap = false
  return buf, win
end

local function map(keys, action)
  for _, key in ipairs(keys) do
    vim.keymap.set('i', key, action, { buffer = live.prompt_buf, nowait = true })
  end
end

function M.open(query)
  M.close()
  local from = vim.api.nvim_get_current_win()
  local height = math.max(1, math.min(vim.o.lines - 8, 20))
  local row = math.max(0, math.floor((vim.o.lines - height - 5) / 2))
  local list_buf, list = window(row + 3, height, false)
  vim.wo[list].cursorline = true
  local prompt_buf, prompt = window(row, 1, true)
  vim.bo[prompt_buf].filetype = 'kbsearch'
  live = {
    from = from,
    list_buf = list_buf,
    list = list,
    prompt_buf = prompt_buf,
    prompt = prompt,
    height = height,
    width = vim.api.nvim_win_get_width(list),
    hits = {},
  }
  vim.api.nvim_buf_set_lines(prompt_buf, 0, -1, false, { query })
  vim.api.nvim_create_autocmd({ 'TextChangedI', 'TextChangedP' }, { buffer = prompt_buf, callback = typed })
  vim.api.nvim_create_autocmd('BufLeave', { buffer = prompt_buf, callback = vim.schedule_wrap(M.close) })
  map({ '<CR>' }, function() take('edit') end)
  map({ '<C-x>' }, function() take('split') end)
  map({ '<C-v>' }, function() take('vsplit') end)
  map({ '<C-t>' }, function() take('tabedit') end)
  map({ '<C-q>' }, to_list)
  map({ '<Esc>', '<C-c>' }, M.close)
  map({ '<Down>', '<C-n>' }, function() step(1) end)
  map({ '<Up>', '<C-p>' }, function() step(-1) end)
  map({ '<PageDown>' }, function() step(height) end)
  map({ '<PageUp>' }, function() step(-height) end)
  vim.cmd('startinsert!')
  typed()
end

return M
