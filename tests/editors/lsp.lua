-- SPDX-License-Identifier: GPL-2.0-or-later
-- Neovim's own language client over `kbsearch --lsp`; prints "good", or fails.
local vault = os.getenv("T") .. "/vault"
vim.cmd("edit " .. vault .. "/models/Scratch.md")
vim.api.nvim_buf_set_lines(0, 0, -1, false, { "- é😀 see [[Muse Spark]]", "- [[Mu" })
local id = vim.lsp.start_client({ cmd = { "kbsearch", "--lsp" }, root_dir = vault })
vim.lsp.buf_attach_client(0, id)
local client = vim.lsp.get_client_by_id(id)
assert(vim.wait(5000, function() return client.initialized and client.server_capabilities end), "no initialize")

local function ask(method, params)
  local answers = assert(vim.lsp.buf_request_sync(0, method, params, 5000), method .. ": no answer")
  local _, answer = next(answers)
  assert(not answer.err and not answer.error, method .. ": " .. vim.inspect(answer))
  return answer.result
end
local function at(line, column)
  vim.api.nvim_win_set_cursor(0, { line, column })
  return vim.lsp.util.make_position_params(0, client.offset_encoding)
end

local there = ask("textDocument/definition", at(1, 20))
assert(there[1].uri:find("Muse%20Spark.md", 1, true), vim.inspect(there))
local hover = ask("textDocument/hover", at(1, 20))
assert(hover.contents.value:find("models/Muse Spark.md", 1, true), vim.inspect(hover))
local params = at(1, 20)
params.context = { includeDeclaration = true }
assert(#ask("textDocument/references", params) > 5, "references")
vim.api.nvim_buf_set_lines(0, 1, 2, false, { "- [[Muse" })
params = at(2, 8)
params.position.character = 8
local items = ask("textDocument/completion", params).items
assert(items[1].textEdit.newText == "Muse Spark]]", vim.inspect(items))
assert(#ask("workspace/symbol", { query = "closed source" }) > 3, "symbols")
vim.lsp.stop_client(id)
assert(vim.wait(5000, function() return client.is_stopped() end), "it does not stop")
io.stdout:write("good\n")
