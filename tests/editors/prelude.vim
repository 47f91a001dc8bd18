" SPDX-License-Identifier: GPL-2.0-or-later
" What the scripts for Vim and Neovim share. Each line of $T/tap is "ok NAME" or "not ok NAME".
set nocompatible encoding=utf-8 nomore shortmess+=IAF noswapfile hidden
let &runtimepath = $KB_SRCDIR . '/editors/vim,' . &runtimepath
let g:kbsearch_deadline_ms = 3000
runtime plugin/kbsearch.vim
filetype on

let s:lines = []
function! Ok(name, good, ...) abort
  call add(s:lines, (a:good ? 'ok ' : 'not ok ') . a:name)
  if !a:good
    call extend(s:lines, map(copy(a:000), '"# " . string(v:val)'))
  endif
  call writefile(s:lines, $T . '/tap')
endfunction
function! Is(name, got, want) abort
  call Ok(a:name, a:got ==# a:want, a:got, a:want)
endfunction
" In each round the editor takes what came in.
function! Wait(Ready, ...) abort
  let end = reltimefloat(reltime()) + get(a:000, 0, 10)
  while !a:Ready() && reltimefloat(reltime()) < end
    sleep 5m
  endwhile
  return a:Ready()
endfunction
function! Said() abort
  return execute('messages')
endfunction
function! Says(name, pattern, ...) abort
  call Ok(a:name, Wait({-> Said() =~# a:pattern}, get(a:000, 0, 10)), Said(), a:pattern)
  messages clear
endfunction
function! Texts() abort
  return map(getqflist(), 'v:val.text')
endfunction
" A command comes back at once: the whole time it has the editor, in ms.
function! Took(command) abort
  let start = reltime()
  execute a:command
  return reltimefloat(reltime(start)) * 1000
endfunction
function! Figure(name, ms, limit) abort
  call add(s:lines, printf('# figure: %s: %.2f ms (limit %d ms)', a:name, a:ms, a:limit))
  call Ok(a:name . ' is no worse than ten times the limit', a:ms <= 10 * a:limit, a:ms)
endfunction
