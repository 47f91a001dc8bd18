" SPDX-License-Identifier: GPL-2.0-or-later
" The commands: each asks the daemon and comes back at once; the answer fills the quickfix list.

let s:newest = 0     " the newest command: answers to older ones are dropped
let s:shown = {}     " the list that was filled last: its id, and what to highlight for each entry
let s:between = '[\x01-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f]\+'
let s:marked = {}    " the unit that is highlighted now

" --- words for a person -------------------------------------------------------------------------

function! kbsearch#say(message) abort
  redraw
  echomsg 'kbsearch: ' . a:message
endfunction

function! kbsearch#complain(error) abort
  redraw
  echohl ErrorMsg
  echomsg 'kbsearch: ' . a:error.message
  echohl None
endfunction

" What an answer has to tell beside its hits.
function! kbsearch#notices(result) abort
  let said = []
  let relaxed = get(a:result, 'relaxed', v:null)
  if type(relaxed) == v:t_dict
    call add(said, relaxed.to ==# 'any' ? 'no unit has most of the words; these have any'
          \ : printf('no unit has all words; these have %d of %d', relaxed.words, relaxed.of))
  endif
  let suggestion = get(a:result, 'suggestion', v:null)
  if type(suggestion) == v:t_dict
    call add(said, printf('no unit has "%s"; read as "%s"', suggestion.from, suggestion.to))
  endif
  if type(get(a:result, 'incomplete', v:null)) == v:t_dict
    call add(said, 'the answer is incomplete: ' . get(a:result.incomplete, 'reason', ''))
  endif
  for warning in get(a:result, 'warnings', [])
    call add(said, type(warning) == v:t_string ? warning : get(warning, 'message', json_encode(warning)))
  endfor
  return said
endfunction

" --- asking -------------------------------------------------------------------------------------

function! kbsearch#params(more) abort
  return extend({'today': strftime('%Y-%m-%d'), 'deadline_ms': get(g:, 'kbsearch_deadline_ms', 5000)},
        \ a:more)
endfunction

function! s:ask(method, params, title) abort
  let s:newest += 1
  let mine = s:newest
  call kbsearch#client#call(a:method, a:params, {error, result ->
        \ mine == s:newest ? s:answered(error, result, a:title) : 0})
endfunction

function! s:answered(error, result, title) abort
  if !empty(a:error)
    return kbsearch#complain(a:error)
  endif
  let hits = kbsearch#hits(a:result)
  if empty(hits)
    return kbsearch#say('no hit: ' . a:title)
  endif
  call kbsearch#list(hits, a:title)
  let total = get(a:result, 'total', len(hits))
  let said = [printf('%d of %s%d hits', len(hits), get(a:result, 'total_exact', v:true) ? '' : 'at least ', total)]
  call kbsearch#say(join(said + kbsearch#notices(a:result), '; '))
endfunction

" Every method that answers with units has them here.
function! kbsearch#hits(result) abort
  for name in ['hits', 'entries', 'links']
    if type(get(a:result, name, v:null)) == v:t_list
      return filter(copy(a:result[name]), 'type(v:val) == v:t_dict && has_key(v:val, "path") && type(v:val.path) == v:t_string')
    endif
  endfor
  return []
endfunction

" Any further argument: the last word is a prefix.
function! kbsearch#search(query, ...) abort
  let query = a:query !=# '' ? a:query : expand('<cword>')
  if query ==# ''
    return kbsearch#complain({'message': 'what to look for? For example: :Kb closed source'})
  endif
  call s:ask('search', kbsearch#params({'query': query, 'session': 'list', 'partial': a:0 ? v:true : v:false,
        \ 'limit': get(g:, 'kbsearch_limit', 100), 'text_bytes': 1}), query)
endfunction

function! kbsearch#live(query) abort
  if has('nvim')
    call luaeval('require("kbsearch.live").open(_A)', a:query)
  else
    call kbsearch#live#open(a:query)
  endif
endfunction

" [[The note]] that is in this window.
function! s:this_note() abort
  return expand('%:t:r')
endfunction

function! kbsearch#timeline(query) abort
  let query = a:query !=# '' ? a:query : '[[' . s:this_note() . ']]'
  call s:ask('timeline', kbsearch#params({'query': query}), 'timeline of ' . query)
endfunction

function! kbsearch#backlinks(note) abort
  let note = a:note !=# '' ? a:note : expand('%:p')
  if note ==# ''
    return kbsearch#complain({'message': 'which note? For example: :KbBacklinks Muse Spark'})
  endif
  call s:ask('backlinks', {'note': note, 'limit': get(g:, 'kbsearch_limit', 100)}, 'links to ' . (a:note !=# '' ? a:note : s:this_note()))
endfunction

function! kbsearch#related() abort
  if expand('%:p') ==# ''
    return kbsearch#complain({'message': 'this buffer is no note: it has no file'})
  endif
  call s:ask('related', {'path': expand('%:p'), 'line': line('.')},
        \ printf('related to %s:%d', expand('%:t'), line('.')))
endfunction

function! kbsearch#status() abort
  call kbsearch#client#call('status', {}, {error, result -> empty(error)
        \ ? kbsearch#say(printf('%s; %d notes, %d units, revision %s; %s', result.server, result.notes,
        \     result.units, string(result.revision), type(result.error) == v:t_string ? result.error : result.db))
        \ : kbsearch#complain(error)})
endfunction

" --- the list -----------------------------------------------------------------------------------

function! kbsearch#snippet(hit) abort
  let segments = get(a:hit, 'snippet', [])
  let text = join(map(copy(segments), 'get(v:val, "t", "")'), '')
  return substitute(text !=# '' ? text : get(a:hit, 'text', ''), '[[:cntrl:]]', ' ', 'g')
endfunction

" The words that matched, as the snippet marks them.
function! kbsearch#words(hit) abort
  return map(filter(copy(get(a:hit, 'snippet', [])), 'get(v:val, "m", v:false) is v:true'), 'v:val.t')
endfunction

function! kbsearch#date(hit) abort
  return type(get(a:hit, 'date', v:null)) == v:t_string ? a:hit.date : ''
endfunction

function! s:line_of(hit) abort
  return get(a:hit, 'match_line', get(a:hit, 'line', 1))
endfunction

function! s:entry(hit) abort
  let date = kbsearch#date(a:hit)
  return {'filename': a:hit.path, 'lnum': s:line_of(a:hit), 'col': get(a:hit, 'col', 1),
        \ 'text': (date ==# '' ? '' : date . ' ') . kbsearch#snippet(a:hit)}
endfunction

function! kbsearch#list(hits, title) abort
  call setqflist([], ' ', {'title': 'kbsearch: ' . a:title, 'items': map(copy(a:hits), 's:entry(v:val)')})
  let s:shown = {'id': getqflist({'id': 0}).id, 'idx': 0, 'hits': a:hits,
        \ 'buffers': map(getqflist(), 'v:val.bufnr')}
  augroup kbsearch_list
    autocmd!
    autocmd CursorMoved,BufEnter * call s:moved()
  augroup END
  if get(g:, 'kbsearch_open', 1)
    botright copen
  endif
endfunction

" --- the match in its note ----------------------------------------------------------------------

" A jump by the list, whatever made it: the current entry is another one, and the cursor is there.
function! s:moved() abort
  call s:unmark()
  if &buftype !=# ''
    return
  endif
  let list = getqflist({'id': 0, 'idx': 0})
  if list.id != s:shown.id || list.idx < 1 || list.idx > len(s:shown.hits)
    return
  endif
  let hit = s:shown.hits[list.idx - 1]
  if list.idx != s:shown.idx && line('.') == s:line_of(hit) && bufnr('') == s:shown.buffers[list.idx - 1]
    let s:shown.idx = list.idx
    call kbsearch#mark(hit)
  endif
endfunction

" Highlights the words of the hit in its lines until the cursor leaves them.
function! kbsearch#mark(hit) abort
  call s:unmark(1)
  " What stands between two words in the source, marks of Markdown among it, is not in the snippet.
  let words = map(kbsearch#words(a:hit), 'join(split(v:val, s:between), "\\W\\+")')
  let from = get(a:hit, 'line', 1)
  let to = get(a:hit, 'end_line', from)
  call filter(words, 'v:val !=# ""')
  if empty(words)
    return
  endif
  let pattern = printf('\c\%%>%dl\%%<%dl\%%(%s\)', from - 1, to + 1, join(uniq(sort(words)), '\|'))
  let s:marked = {'win': win_getid(), 'buf': bufnr(''), 'from': from, 'to': to,
        \ 'match': matchadd('KbsearchMatch', pattern)}
  augroup kbsearch_mark
    autocmd!
    autocmd CursorMoved,InsertEnter,BufEnter * call s:unmark()
  augroup END
endfunction

function! s:unmark(...) abort
  if empty(s:marked) || (!a:0 && mode() !=# 'i' && win_getid() == s:marked.win && bufnr('') == s:marked.buf
        \ && line('.') >= s:marked.from && line('.') <= s:marked.to)
    return
  endif
  silent! call matchdelete(s:marked.match, s:marked.win)
  let s:marked = {}
  autocmd! kbsearch_mark
endfunction

" how: edit, split, vsplit or tabedit.
function! kbsearch#open(hit, how) abort
  normal! m'
  try
    execute a:how fnameescape(a:hit.path)
  catch /^Vim\%((\a\+)\)\=:E37:/
    execute 'split' fnameescape(a:hit.path)
  endtry
  call cursor(s:line_of(a:hit), get(a:hit, 'col', 1))
  normal! zv
  call kbsearch#mark(a:hit)
endfunction
