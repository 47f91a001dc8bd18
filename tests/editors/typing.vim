" SPDX-License-Identifier: GPL-2.0-or-later
" For typist.py: opens :KbLive, and writes each list shown, and when, to $T/shown. With $KB_PLAIN
" there is no plugin: each key draws as many rows that were there before.
source $KB_SRCDIR/tests/editors/prelude.vim
let s:log = []
let s:worst = 0.0
let s:last = reltime()

" A timer of 1 ms is late by as long as something else had the editor.
function! s:tick(timer) abort
  let now = reltime()
  let s:worst = max([float2nr(reltimefloat(reltime(s:last, now)) * 1000000), float2nr(s:worst)])
  let s:last = now
endfunction
function! s:state() abort
  return has('nvim') ? luaeval('require("kbsearch.live").state()') : kbsearch#live#state()
endfunction
function! s:shown() abort
  let state = s:state()
  call add(s:log, {'at': reltimestr(reltime()), 'text': state.text, 'shown': state.shown, 'rows': state.rows[0:1]})
  if state.text ==# $KB_TEXT
    call timer_start(300, function('s:end'))
  endif
endfunction
function! s:end(timer) abort
  call writefile([json_encode({'worst_us': s:worst, 'log': s:log})], $T . '/shown.part')
  call rename($T . '/shown.part', $T . '/shown')
  qa!
endfunction
" The first answer starts what there is to start.
function! s:begin(timer) abort
  call kbsearch#client#call('status', {}, {error, result -> s:ready()})
endfunction
function! s:plain() abort
  let s:rows = map(range(20), 'repeat(nr2char(97 + v:val) . " word ", 16)')
  silent 20new
  let s:list = bufnr('')
  call setline(1, s:rows)
  wincmd p
  call feedkeys('i', 'n')
  autocmd TextChangedI <buffer> call s:drawn()
  call timer_start(200, {-> s:clean()})
endfunction
function! s:drawn() abort
  call add(s:rows, remove(s:rows, 0))
  call setbufline(s:list, 1, s:rows)
  if getline(1) ==# $KB_TEXT
    call timer_start(300, function('s:end'))
  endif
endfunction
function! s:ready() abort
  KbLive
  autocmd User KbsearchLive call s:shown()
  call timer_start(200, {-> s:clean()})
endfunction
function! s:clean() abort
  let s:log = []
  let s:worst = 0.0
  let s:last = reltime()
  call timer_start(1, function('s:tick'), {'repeat': -1})
  call writefile([], $T . '/ready')
endfunction
call timer_start(100, $KB_PLAIN ==# '' ? function('s:begin') : {-> s:plain()})
