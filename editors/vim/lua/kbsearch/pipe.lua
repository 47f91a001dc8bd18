-- SPDX-License-Identifier: GPL-2.0-or-later
-- The socket as a pipe of Neovim's event loop: lines out, lines in, never a wait. What a line means
-- is known in autoload/kbsearch/client.vim.
local uv = vim.uv or vim.loop
local M = {}

local MOST_BYTES = 64 * 1024 * 1024 -- of one answer: no answer of kbsearchd comes near

local pipe
local pieces, bytes = {}, 0

local function ended(which)
  if pipe ~= which then
    return
  end
  M.close()
  vim.schedule(function()
    vim.fn['kbsearch#client#gone']()
  end)
end

-- Whole lines only, each on the main loop.
local function take(chunk)
  local from = 1
  while true do
    local to = chunk:find('\n', from, true)
    if not to then
      break
    end
    pieces[#pieces + 1] = chunk:sub(from, to - 1)
    local line = table.concat(pieces)
    pieces, bytes = {}, 0
    vim.schedule(function()
      vim.fn['kbsearch#client#line'](line)
    end)
    from = to + 1
  end
  pieces[#pieces + 1] = chunk:sub(from)
  bytes = bytes + #chunk - from + 1
end

local function read(from)
  from:read_start(function(err, chunk)
    if err or not chunk then
      ended(from)
    elseif pipe == from then
      take(chunk)
      if bytes > MOST_BYTES then
        ended(from)
      end
    end
  end)
end

-- kbsearch#client#opened() is told whether somebody listens there.
function M.open(path)
  M.close()
  local new = uv.new_pipe(false)
  pipe = new
  new:connect(path, vim.schedule_wrap(function(err)
    if pipe ~= new then
      return
    end
    if err then
      M.close()
    else
      read(new)
    end
    vim.fn['kbsearch#client#opened'](err and 0 or 1)
  end))
end

function M.send(line)
  if pipe then
    local to = pipe
    to:write(line, function(err)
      if err then
        ended(to)
      end
    end)
  end
end

function M.close()
  if pipe and not pipe:is_closing() then
    pipe:close()
  end
  pipe, pieces, bytes = nil, {}, 0
end

return M
