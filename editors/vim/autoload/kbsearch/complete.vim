" SPDX-License-Identifier: GPL-2.0-or-later
" Completion of queries on the command line and of [[ links while writing. Answers come later, so
" the command line completes from what came in for what was typed so far: it is asked for with
" each character, long before <Tab>.

let s:fields = []
let s:known = {}  " 'kind prefix' -> texts
let s:asked = {}
let s:most = 500  " answers kept

function! kbsearch#complete#fetch(kind, prefix, Done) abort
  let key = a:kind . ' ' . a:prefix
  if has_key(s:known, key)
    return a:Done(s:known[key])
  endif
  if has_key(s:asked, key)
    return
  endif
  let s:asked[key] = 1
  call kbsearch#client#call('suggest', {'prefix': a:prefix, 'kind': a:kind, 'limit': 30},
        \ {error, result -> s:came(key, error, result, a:Done)})
endfunction

function! s:came(key, error, result, Done) abort
  unlet! s:asked[a:key]
  if !empty(a:error)
    return
  endif
  if len(s:known) >= s:most
    let s:known = {}
  endif
  let s:known[a:key] = map(copy(get(a:result, 'suggestions', [])), 'v:val.text')
  call a:Done(s:known[a:key])
endfunction

" --- the command line ---------------------------------------------------------------------------

" What the last word asks for: [kind, what was typed of it, what stands before it].
function! s:asked_for(word) abort
  let tag = matchlist(a:word, '^\(-\?\%(#\|tag:\)\)\(\S*\)$')
  if !empty(tag)
    return ['tag', tag[2], tag[1]]
  endif
  let entity = matchlist(a:word, '^\(-\?entity:"\?\)\(.*\)$')
  if !empty(entity)
    return ['entity', entity[2], entity[1]]
  endif
  let note = matchlist(a:word, '^\(-\?\%(\[\[\|link:"\?\)\)\(.*\)$')
  if !empty(note)
    return ['title', note[2], note[1]]
  endif
  return ['any', a:word, '']
endfunction

function! kbsearch#complete#typing(line) abort
  let word = matchstr(a:line, '^\s*Kb\%(Live\|Timeline\)\?\s.\{-}\zs\S*$')
  if word ==# ''
    if a:line =~# '^\s*Kb' && empty(s:fields)
      call kbsearch#complete#fetch('field', '', {texts -> extend(s:fields, texts)})
    endif
    return
  endif
  let [kind, prefix, before] = s:asked_for(word)
  if prefix !=# ''
    call kbsearch#complete#fetch(kind, prefix, {texts -> 0})
  endif
endfunction

function! kbsearch#complete#line(lead, line, at) abort
  let [kind, prefix, before] = s:asked_for(a:lead)
  if prefix ==# '' && kind ==# 'any'
    return copy(s:fields)
  endif
  call kbsearch#complete#typing(a:line)
  let texts = copy(get(s:known, kind . ' ' . prefix, []))
  let tail = before =~# '"$' ? '"' : before =~# '\[\[$' ? ']]' : ''
  call filter(texts, kind ==# 'any' ? 'v:val !~# "\\s"' : 'tail !=# "" || v:val !~# "\\s"')
  return map(texts, 'before . v:val . tail')
endfunction

function! kbsearch#complete#note(lead, line, at) abort
  call kbsearch#complete#fetch('title', a:lead, {texts -> 0})
  return copy(get(s:known, 'title ' . a:lead, []))
endfunction

" --- links --------------------------------------------------------------------------------------

function! kbsearch#complete#attach() abort
  if get(g:, 'kbsearch_links', 1)
    augroup kbsearch_links
      autocmd! * <buffer>
      autocmd TextChangedI <buffer> call kbsearch#complete#link()
    augroup END
  endif
endfunction

function! kbsearch#complete#here() abort
  call kbsearch#complete#link()
  return ''
endfunction

function! s:typed_link() abort
  return matchstr(strpart(getline('.'), 0, col('.') - 1), '\[\[\zs[^][|#]\+$')
endfunction

function! kbsearch#complete#link() abort
  let typed = s:typed_link()
  if typed !=# '' && executable(kbsearch#client#program()[0])
    call kbsearch#complete#fetch('title', typed, {texts -> s:offer(typed, texts)})
  endif
endfunction

" Offered only where it was asked for.
function! s:offer(typed, texts) abort
  if mode() !=# 'i' || s:typed_link() !=# a:typed || empty(a:texts)
    return
  endif
  let tail = strpart(getline('.'), col('.') - 1) =~# '^\]\]' ? '' : ']]'
  call complete(col('.') - strlen(a:typed), map(copy(a:texts), '{"word": v:val . tail, "abbr": v:val, "menu": "[note]"}'))
endfunction
