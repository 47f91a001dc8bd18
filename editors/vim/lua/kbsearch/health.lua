-- SPDX-License-Identifier: GPL-2.0-or-later
-- :checkhealth kbsearch. A person asked and waits for it, so this alone runs a program to its end.
local M = {}

local health = vim.health or require('health')
local start = health.start or health.report_start
local ok = health.ok or health.report_ok
local warn = health.warn or health.report_warn
local fail = health.error or health.report_error

local function run(program, option)
  local argv = vim.list_extend(vim.deepcopy(program), { option })
  local out = vim.fn.system(argv)
  return vim.v.shell_error, vim.trim(out)
end

function M.check()
  start('kbsearch')
  if vim.fn.has('nvim-0.7.2') == 1 then
    ok('Neovim is 0.7.2 or newer')
  else
    fail('Neovim is older than 0.7.2', { 'install a newer one' })
  end
  local program = vim.fn['kbsearch#client#program']()
  if vim.fn.executable(program[1]) == 0 then
    fail(program[1] .. ' is not on PATH', { 'install kbsearch, or set g:kbsearch_command' })
    return
  end
  local _, version = run(program, '--version')
  ok(('%s is %s'):format(vim.fn.exepath(program[1]), version))
  local code, socket = run(program, '--sockname')
  if code ~= 0 then
    fail(socket, { 'run `kbsearch --config` in a shell' })
    return
  end
  ok('the socket is ' .. socket)
  local status
  code, status = run(program, '--status')
  if code == 0 then
    ok('the daemon answers:\n' .. status)
  elseif code == 4 then
    fail(status, { 'index your notes: kbindex PATH/TO/NOTES' })
  else
    fail(status, { 'see why it does not start: kbsearchd --foreground' })
  end
  for _, name in ipairs({ 'telescope', 'fzf-lua', 'snacks' }) do
    if pcall(require, name) then
      ok(name .. ' is there: see :help kbsearch-pickers')
    end
  end
  if vim.fn['kbsearch#client#where']().state ~= 'open' then
    warn('this editor has not asked yet', { ':Kb WORD connects' })
  end
end

return M
