-- SPDX-License-Identifier: GPL-2.0-or-later
-- What pickers need: hits for a text, and one of them opened. Nothing here waits.
local M = {}

-- done(error, result): error is nil, or has message and reason. Returns an id for cancel().
function M.call(method, params, done)
  return vim.fn['kbsearch#client#call'](method, params, function(err, result)
    done(next(err) and err or nil, result)
  end)
end

function M.cancel(id)
  vim.fn['kbsearch#client#cancel'](id)
end

-- As you type: the last word is a prefix, and a newer search of the same session ends the older.
function M.search(text, session, limit, done)
  return M.call('search', vim.fn['kbsearch#params']({
    query = text,
    partial = true,
    session = session,
    limit = limit,
    text_bytes = 1,
  }), done)
end

local function given(value, otherwise)
  if value == nil or value == vim.NIL then
    return otherwise
  end
  return value
end

-- A hit as one line, and where in it (bytes from 0, end excluded) which highlight goes; with a
-- width, nothing is made that lies beyond so many columns.
function M.row(hit, width)
  local text = given(hit.date, '          ')
  local place = ('%s:%d'):format(hit.path:match('[^/]*$'), given(hit.match_line, 1))
  local marks = {
    { 'KbsearchDate', 0, #text },
    { 'KbsearchPath', #text + 2, #text + 2 + #place },
  }
  local parts, at = { text, '  ', place, '  ' }, #text + #place + 4
  local left = (width or math.huge) - at
  for _, segment in ipairs(given(hit.snippet, {})) do
    local part = segment.t:gsub('%c', ' ')
    if segment.m == true then
      marks[#marks + 1] = { 'KbsearchMatch', at, at + #part }
    end
    parts[#parts + 1] = part
    at = at + #part
    left = left - (width and vim.api.nvim_strwidth(part) or 0)
    if left <= 0 then
      break
    end
  end
  return table.concat(parts), marks
end

-- how: edit (the default), split, vsplit or tabedit
function M.open(hit, how)
  vim.fn['kbsearch#open'](hit, how or 'edit')
end

return M
