" SPDX-License-Identifier: GPL-2.0-or-later
" With a daemon, on the sample vault. $T/vault is a copy of it.
source $KB_SRCDIR/tests/editors/prelude.vim

" --- the list
let g:took = Took('Kb "closed source"')
call Figure('a search takes the editor', g:took, 5)
call Ok('the list is filled', Wait({-> len(getqflist()) > 3}))
call Ok('each line shows it', empty(filter(Texts(), 'v:val !~? "closed.source"')), Texts())
call Is('the title', getqflist({'title': 0}).title, 'kbsearch: "closed source"')
call Is('a window shows the list', len(filter(range(1, winnr('$')), 'getwinvar(v:val, "&buftype") ==# "quickfix"')), 1)
call Says('and says how many', '\d\+ of \d\+ hits')
wincmd p
cfirst
doautocmd CursorMoved
let g:at = getqflist()[0]
call Is('a jump goes to the line', [bufnr(''), line('.')], [g:at.bufnr, g:at.lnum])
call Ok('and the file has it there', getline('.') =~? 'closed', getline('.'))
call Is('the words are highlighted', map(getmatches(), 'v:val.group'), ['KbsearchMatch'])
call Ok('and match in that line', search(getmatches()[0].pattern, 'cn') == line('.'))
keepjumps normal! gg
doautocmd CursorMoved
call Is('until the cursor leaves', getmatches(), [])

" --- words of an answer
Kb geminu
call Says('a word never seen', 'read as "gemini"')
Kb zzzqqq9
call Says('nothing found', 'no hit: zzzqqq9')
Kb date:nonsense
call Says('an error names the cure', 'kbsearch: .*date')
Kb closed
Kb muse
call Ok('only the newest counts', Wait({-> getqflist({'title': 0}).title ==# 'kbsearch: muse'}))
sleep 50m
call Is('also later', getqflist({'title': 0}).title, 'kbsearch: muse')

" --- the other commands: until the daemon knows them, a word that says so
execute 'edit' fnameescape($T . '/vault/models/Muse Spark.md')
messages clear
let g:before = getqflist({'id': 0}).id
for g:command in ['KbTimeline Muse Spark', 'KbBacklinks', 'KbRelated']
  let g:before = getqflist({'id': 0}).id
  messages clear
  execute g:command
  call Ok(g:command . ' fills the list or says why not',
        \ Wait({-> getqflist({'id': 0}).id != g:before || Said() =~# 'install a newer kbsearch'}), Said())
  wincmd p
  execute 'edit' fnameescape($T . '/vault/models/Muse Spark.md')
endfor
messages clear
KbStatus
call Says('the status', 'notes, \d\+ units')

" --- completion
call kbsearch#complete#typing('Kb ')
call Ok('fields', Wait({-> index(kbsearch#complete#line('', 'Kb ', 3), 'date:') >= 0}))
call kbsearch#complete#typing('Kb spark tag:mo')
call Ok('tags', Wait({-> index(kbsearch#complete#line('tag:mo', 'Kb spark tag:mo', 15), 'tag:model') >= 0}))
call kbsearch#complete#typing('Kb entity:"mu')
call Ok('entities', Wait({-> index(kbsearch#complete#line('entity:"mu', 'Kb entity:"mu', 13), 'entity:"muse spark"') >= 0}))
call Ok('notes', Wait({-> index(kbsearch#complete#note('Mus', 'KbBacklinks Mus', 15), 'Muse Spark') >= 0}))
call Ok('Markdown is attached', exists('#kbsearch_links#TextChangedI#<buffer>'))

if has('nvim')
  redir => g:health
  silent! checkhealth kbsearch
  redir END
  call Ok('checkhealth', search('the daemon answers', 'cw') > 0, getline(1, '$'))
endif
qa!
