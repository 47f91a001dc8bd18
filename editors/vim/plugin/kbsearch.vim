" SPDX-License-Identifier: GPL-2.0-or-later
" kbsearch: search of dated notes, for Vim 9 and Neovim 0.7.2 or newer. See :help kbsearch
if exists('g:loaded_kbsearch') || &compatible
  finish
endif
let g:loaded_kbsearch = 1

command -nargs=* -complete=customlist,kbsearch#complete#line Kb call kbsearch#search(<q-args>)
command -nargs=* -complete=customlist,kbsearch#complete#line KbLive call kbsearch#live(<q-args>)
command -nargs=* -complete=customlist,kbsearch#complete#line KbTimeline call kbsearch#timeline(<q-args>)
command -nargs=* -complete=customlist,kbsearch#complete#note KbBacklinks call kbsearch#backlinks(<q-args>)
command -nargs=0 KbRelated call kbsearch#related()
command -nargs=0 KbStatus call kbsearch#status()

nnoremap <silent> <Plug>(kbsearch-live) :<C-U>call kbsearch#live('')<CR>
nnoremap <silent> <Plug>(kbsearch-word) :<C-U>call kbsearch#search('')<CR>
nnoremap <silent> <Plug>(kbsearch-backlinks) :<C-U>call kbsearch#backlinks('')<CR>
nnoremap <silent> <Plug>(kbsearch-related) :<C-U>call kbsearch#related()<CR>
inoremap <silent> <Plug>(kbsearch-link) <C-R>=kbsearch#complete#here()<CR>

highlight default link KbsearchMatch Search
highlight default link KbsearchDate Number
highlight default link KbsearchPath Directory

augroup kbsearch
  autocmd!
  autocmd FileType markdown call kbsearch#complete#attach()
  autocmd CmdlineChanged : call kbsearch#complete#typing(getcmdline())
augroup END
