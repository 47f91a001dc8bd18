" SPDX-License-Identifier: GPL-2.0-or-later
" $KB_CASE: what is wrong. Each time there is one message that tells what to do, and the editor
" goes on.
source $KB_SRCDIR/tests/editors/prelude.vim
let g:case = $KB_CASE

function! Goes_on(name) abort
  enew!
  call setline(1, 'still here')
  call Is(a:name . ': the editor goes on', getline(1), 'still here')
endfunction
function! Signal(name) abort
  call system('kill -' . a:name . ' $(cat ' . shellescape($T . '/daemon') . ')')
endfunction

if g:case ==# 'no-program'
  let g:kbsearch_command = '/nowhere/kbsearch'
  Kb muse
  call Says('no program', 'is not on PATH; install kbsearch, or set g:kbsearch_command')
elseif g:case ==# 'no-start'
  Kb muse
  call Says('none can be started', 'the disk is full', 20)
  Kb muse
  call Says('it is tried again', 'the disk is full', 20)
elseif g:case ==# 'no-index'
  Kb muse
  call Says('no index', 'run: kbindex\|kbindex ')
elseif g:case ==# 'killed'
  Kb muse
  call Ok('answers first', Wait({-> len(getqflist()) > 0}))
  messages clear
  call Signal('STOP')
  Kb spark
  call Signal('KILL')
  call Says('killed in mid-request', 'went away before it answered; ask again')
  let g:before = getqflist({'id': 0}).id
  Kb spark
  call Ok('a new one is started', Wait({-> getqflist({'id': 0}).id != g:before}, 20), Said())
elseif g:case ==# 'stopped'
  let g:kbsearch_deadline_ms = 200
  Kb muse
  call Ok('answers first', Wait({-> len(getqflist()) > 0}))
  messages clear
  call Signal('STOP')
  let g:took = Took('Kb spark')
  call Figure('asking a stopped daemon takes the editor', g:took, 5)
  call Says('a daemon that is stopped', 'no answer within .* kbsearch --status')
  call Signal('CONT')
elseif g:case ==# 'rebuilt'
  let g:good = 0
  let g:other = []
  for g:i in range(40)
    let g:before = getqflist({'id': 0}).id
    messages clear
    Kb muse
    if !Wait({-> getqflist({'id': 0}).id != g:before || Said() =~# 'kbsearch: '})
      call add(g:other, 'no answer')
    elseif getqflist({'id': 0}).id != g:before
      let g:good += 1
    else
      call add(g:other, Said())
    endif
  endfor
  call Ok('while the index is rebuilt, answers', g:good > 0, g:other)
  call Ok('or what to do', empty(filter(g:other, 'v:val !~# "kbindex\\|ask again\\|no hit"')), g:other)
endif
call Goes_on(g:case)
qa!
