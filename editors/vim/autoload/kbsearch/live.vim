" SPDX-License-Identifier: GPL-2.0-or-later
" :KbLive in Vim: a popup for what is typed, one below for the hits. Each change asks anew in one
" session, so that the daemon drops what was asked before; an answer to older text is never shown.

let s:live = {}

function! kbsearch#live#open(query) abort
  if !has('popupwin')
    return kbsearch#complain({'message': ':KbLive needs a Vim with popup windows; use :Kb'})
  endif
  call kbsearch#live#close()
  let width = min([&columns - 4, 120])
  let height = min([&lines - 8, 20])
  let row = max([2, (&lines - height - 5) / 2])
  let col = (&columns - width) / 2
  for [name, group] in [['Match', 'KbsearchMatch'], ['Date', 'KbsearchDate'], ['Path', 'KbsearchPath']]
    if empty(prop_type_get('kbsearch' . name))
      call prop_type_add('kbsearch' . name, {'highlight': group, 'combine': 1})
    endif
  endfor
  let s:live = {'text': a:query, 'shown': v:null, 'hits': [], 'at': 1, 'id': 0, 'width': width,
        \ 'height': height}
  let box = {'border': [], 'padding': [0, 1, 0, 1], 'minwidth': width - 4, 'maxwidth': width - 4,
        \ 'col': col, 'wrap': 0, 'mapping': 0, 'scrollbar': 0}
  let s:live.list = popup_create('', extend(copy(box), {'line': row + 3, 'minheight': height,
        \ 'maxheight': height, 'cursorline': 1}))
  let s:live.prompt = popup_create('', extend(copy(box), {'line': row, 'title': ' kbsearch ',
        \ 'filter': function('s:key'), 'callback': {_, __ -> kbsearch#live#close()}}))
  call s:typed(a:query)
endfunction

function! kbsearch#live#close() abort
  if empty(s:live)
    return
  endif
  let live = s:live
  let s:live = {}
  call kbsearch#client#cancel(live.id)
  call popup_close(live.prompt)
  call popup_close(live.list)
endfunction

" What is typed, what the list shown was asked with, its rows; {} when closed.
function! kbsearch#live#state() abort
  return empty(s:live) ? {} : {'text': s:live.text, 'shown': s:live.shown,
        \ 'rows': getbufline(winbufnr(s:live.list), 1, '$')}
endfunction

function! s:typed(text) abort
  let s:live.text = a:text
  call popup_settext(s:live.prompt, '> ' . a:text . '▏')
  call kbsearch#client#cancel(s:live.id)
  let s:live.id = 0
  if a:text !~# '\S'
    return s:show(a:text, {}, {})
  endif
  let s:live.id = kbsearch#client#call('search', kbsearch#params({'query': a:text, 'partial': v:true,
        \ 'session': 'live', 'limit': s:live.height, 'text_bytes': 1}),
        \ {error, result -> s:show(a:text, error, result)})
endfunction

function! s:show(text, error, result) abort
  if empty(s:live) || s:live.text !=# a:text || get(a:error, 'reason', '') ==# 'cancelled'
    return
  endif
  let s:live.shown = a:text
  let s:live.hits = kbsearch#hits(a:result)
  if !empty(a:error)
    let rows = [{'text': a:error.message}]
  elseif empty(s:live.hits)
    let rows = [{'text': a:text =~# '\S' ? 'no hit' : ''}]
  else
    let rows = map(copy(s:live.hits), {_, hit -> s:Row(hit, s:live.width)})
  endif
  call popup_settext(s:live.list, rows)
  let total = get(a:result, 'total', 0)
  call popup_setoptions(s:live.list, {'title': total ? printf(' %s ', join([total . ' hits'] + kbsearch#notices(a:result), '; ')) : ''})
  call s:select(1)
  silent doautocmd <nomodeline> User KbsearchLive
endfunction

" Compiled, and only what there is room for: all rows are built anew at each key.
def s:Row(hit: dict<any>, width: number): dict<any>
  var text = type(hit.date) == v:t_string ? hit.date : '          '
  var place = hit.path[strridx(hit.path, '/') + 1 : ] .. ':' .. get(hit, 'match_line', 1)
  var props = [{type: 'kbsearchDate', col: 1, length: 10},
    {type: 'kbsearchPath', col: 13, length: strlen(place)}]
  text ..= '  ' .. place .. '  '
  for segment in get(hit, 'snippet', [])
    if get(segment, 'm', false) == true
      add(props, {type: 'kbsearchMatch', col: strlen(text) + 1, length: strlen(segment.t)})
    endif
    text ..= segment.t
    if strlen(text) >= width && strwidth(text) >= width
      break
    endif
  endfor
  return {text: substitute(text, '[[:cntrl:]]', ' ', 'g'), props: props}
enddef

function! s:select(at) abort
  let last = max([1, len(s:live.hits)])
  let s:live.at = a:at < 1 ? last : a:at > last ? 1 : a:at
  call win_execute(s:live.list, 'call cursor(' . s:live.at . ', 1)')
endfunction

function! s:take(how) abort
  if empty(s:live.hits)
    return
  endif
  let hit = s:live.hits[s:live.at - 1]
  call kbsearch#live#close()
  call kbsearch#open(hit, a:how)
endfunction

function! s:to_list() abort
  let text = s:live.text
  if text =~# '\S'
    call kbsearch#live#close()
    call kbsearch#search(text, v:true)
  endif
endfunction

let s:keys = {
      \ "\<CR>": {-> s:take('edit')}, "\<C-X>": {-> s:take('split')},
      \ "\<C-V>": {-> s:take('vsplit')}, "\<C-T>": {-> s:take('tabedit')},
      \ "\<C-Q>": {-> s:to_list()},
      \ "\<Esc>": {-> kbsearch#live#close()}, "\<C-C>": {-> kbsearch#live#close()},
      \ "\<Down>": {-> s:select(s:live.at + 1)}, "\<C-N>": {-> s:select(s:live.at + 1)},
      \ "\<Up>": {-> s:select(s:live.at - 1)}, "\<C-P>": {-> s:select(s:live.at - 1)},
      \ "\<PageDown>": {-> s:select(min([s:live.at + s:live.height, len(s:live.hits)]))},
      \ "\<PageUp>": {-> s:select(max([s:live.at - s:live.height, 1]))},
      \ "\<BS>": {-> s:typed(substitute(s:live.text, '.$', '', ''))},
      \ "\<C-H>": {-> s:typed(substitute(s:live.text, '.$', '', ''))},
      \ "\<C-U>": {-> s:typed('')},
      \ "\<C-W>": {-> s:typed(substitute(s:live.text, '\S*\s*$', '', ''))},
      \ }

function! s:key(id, key) abort
  if has_key(s:keys, a:key)
    call s:keys[a:key]()
  elseif a:key =~# '^[^[:cntrl:]]' && char2nr(a:key) != 0x80
    call s:typed(s:live.text . a:key)
  endif
  return 1
endfunction
