" SPDX-License-Identifier: GPL-2.0-or-later
" The connection to kbsearchd: one for the whole editor, one JSON object a line, and nothing that
" waits. kbsearch#client#call() returns at once; Done({error}, {result}) is called later, exactly
" once. {error} is {} or has 'message', what happened and what to do, and 'reason', a stable word:
" those of the protocol, and no_program, no_daemon, gone.
"
" Vim speaks over a channel, Neovim over a pipe of its event loop (lua/kbsearch/pipe.lua).

let s:state = 'closed' " starting: a program runs that names or starts the daemon; open
let s:path = ''
let s:unsent = []      " lines to send as soon as it is open
let s:waiting = {}     " id -> {'Done', 'timer', 'method'}
let s:last_id = 0

let s:grace_ms = 1000  " for an answer that meets its deadline to arrive
let s:start_ms = 15000 " for a daemon to start: the program itself gives up earlier

function! s:option(name, default) abort
  return get(g:, 'kbsearch_' . a:name, a:default)
endfunction

function! kbsearch#client#program() abort
  return [s:option('command', 'kbsearch')] + s:option('args', [])
endfunction

" Returns the id of the request, for cancel().
function! kbsearch#client#call(method, params, Done) abort
  let s:last_id += 1
  let id = s:last_id
  let deadline = get(a:params, 'deadline_ms', 5000)
  let patience = deadline + s:grace_ms + (s:state ==# 'open' ? 0 : s:start_ms)
  let s:waiting[id] = {'Done': a:Done, 'method': a:method,
        \ 'timer': timer_start(patience, {-> s:late(id, deadline)})}
  let line = json_encode({'jsonrpc': '2.0', 'id': id, 'method': a:method, 'params': a:params})
  if s:state ==# 'open'
    call s:send(line)
  else
    call add(s:unsent, line)
    " Not now: to load this file and to run a program are two pieces of work.
    call timer_start(0, {-> s:connect()})
  endif
  return id
endfunction

" Its Done is not called any more.
function! kbsearch#client#cancel(id) abort
  if !has_key(s:waiting, a:id)
    return
  endif
  call timer_stop(remove(s:waiting, a:id).timer)
  if s:state ==# 'open'
    call s:send(json_encode({'jsonrpc': '2.0', 'method': '$/cancelRequest', 'params': {'id': a:id}}))
  endif
endfunction

" For :checkhealth and :KbStatus.
function! kbsearch#client#where() abort
  return {'state': s:state, 'path': s:path}
endfunction

" --- answers ------------------------------------------------------------------------------------

function! s:finish(id, error, result) abort
  if !has_key(s:waiting, a:id)
    return
  endif
  let call = remove(s:waiting, a:id)
  call timer_stop(call.timer)
  call call.Done(a:error, a:result)
endfunction

function! s:late(id, deadline) abort
  call s:finish(a:id, {'reason': 'timed_out', 'message': printf(
        \ 'no answer within %.1f s; is the daemon stopped? See: kbsearch --status', a:deadline / 1000.0)}, {})
endfunction

function! s:fail_all(reason, message) abort
  let s:unsent = []
  for id in sort(keys(s:waiting), 'N')
    call s:finish(id, {'reason': a:reason, 'message': a:message}, {})
  endfor
endfunction

function! s:read_error(error, method) abort
  let data = get(a:error, 'data', {})
  let reason = type(data) == v:t_dict ? get(data, 'reason', '') : ''
  let message = get(a:error, 'message', 'an error without a message')
  if reason ==# 'unknown_method'
    let message = printf('this kbsearchd knows no "%s": install a newer kbsearch, then end the old daemon', a:method)
  endif
  return {'reason': reason, 'message': message, 'at': type(data) == v:t_dict ? get(data, 'at', -1) : -1}
endfunction

function! kbsearch#client#line(line) abort
  if a:line ==# ''
    return
  endif
  try
    let reply = json_decode(a:line)
  catch
    let reply = v:null
  endtry
  if type(reply) != v:t_dict
    return s:drop('what listens at ' . s:path . ' is no kbsearchd')
  endif
  let id = get(reply, 'id', v:null)
  if !has_key(s:waiting, id is v:null ? '' : id)
    if id is v:null && has_key(reply, 'error')
      call s:fail_all('invalid_request', s:read_error(reply.error, '').message)
    endif
    return
  endif
  if has_key(reply, 'error')
    call s:finish(id, s:read_error(reply.error, s:waiting[id].method), {})
  else
    call s:finish(id, {}, get(reply, 'result', {}))
  endif
endfunction

" --- the connection -----------------------------------------------------------------------------

function! s:drop(message) abort
  if has('nvim')
    call luaeval('require("kbsearch.pipe").close()')
  elseif exists('s:channel')
    call ch_close(s:channel)
  endif
  let s:state = 'closed'
  call s:fail_all('gone', a:message)
endfunction

" The other side closed.
function! kbsearch#client#gone() abort
  let s:state = 'closed'
  call s:fail_all('gone', 'kbsearchd went away before it answered; ask again, it will be started anew')
endfunction

function! s:gone(channel) abort
  if exists('s:channel') && a:channel == s:channel
    call kbsearch#client#gone()
  endif
endfunction

function! s:send(line) abort
  if has('nvim')
    call luaeval('require("kbsearch.pipe").send(_A)', a:line . "\n")
    return
  endif
  try
    call ch_sendraw(s:channel, a:line . "\n")
  catch
    call kbsearch#client#gone()
  endtry
endfunction

" Connects to who listens at s:path and sends what waited; with nobody there, Otherwise is called.
function! s:open(Otherwise) abort
  let s:Otherwise = a:Otherwise
  if getftype(s:path) !=# 'socket'
    call kbsearch#client#opened(0)
  elseif has('nvim')
    call luaeval('require("kbsearch.pipe").open(_A)', s:path)
  else
    try
      silent! let s:channel = ch_open('unix:' . s:path, {'mode': 'nl', 'noblock': 1, 'drop': 'never',
            \ 'callback': {_, line -> kbsearch#client#line(line)}, 'close_cb': function('s:gone')})
      let open = ch_status(s:channel) ==# 'open'
    catch
      let open = 0
    endtry
    call kbsearch#client#opened(open)
  endif
endfunction

function! kbsearch#client#opened(open) abort
  if !a:open
    return s:Otherwise()
  endif
  let s:state = 'open'
  let lines = s:unsent
  let s:unsent = []
  for line in lines
    call s:send(line)
  endfor
endfunction

function! s:connect() abort
  if s:state !=# 'closed'
    return
  endif
  let s:state = 'starting'
  if s:path ==# ''
    call s:find()
  else
    call s:open(function('s:find'))
  endif
endfunction

function! s:find() abort
  let program = kbsearch#client#program()
  if executable(program[0])
    call s:run(program + ['--sockname'], function('s:named'))
  else
    call timer_start(0, {-> s:no_daemon('no_program', printf(
          \ '%s is not on PATH; install kbsearch, or set g:kbsearch_command', program[0]))})
  endif
endfunction

function! s:no_daemon(reason, message) abort
  let s:state = 'closed'
  call s:fail_all(a:reason, a:message)
endfunction

function! s:last_words(run, otherwise) abort
  let line = get(filter(split(a:run.err, '\r\?\n'), 'v:val =~# "\\S"'), -1, a:otherwise)
  return substitute(line, '^kbsearch: ', '', '')
endfunction

function! s:named(run) abort
  let s:path = trim(a:run.out)
  if a:run.code || s:path ==# ''
    let s:path = ''
    call s:no_daemon('no_daemon', s:last_words(a:run, 'kbsearch --sockname failed; run it in a shell'))
  else
    call s:open(function('s:start'))
  endif
endfunction

" `kbsearch --status` starts a daemon, and says why it could not.
function! s:start() abort
  call s:run(kbsearch#client#program() + ['--status'], function('s:started'))
endfunction

function! s:started(run) abort
  call s:open({-> s:no_daemon('no_daemon', s:last_words(a:run,
        \ 'no daemon listens at ' . s:path . '; run: kbsearchd --foreground'))})
endfunction

" --- programs -----------------------------------------------------------------------------------

" Done is called with {'code', 'out', 'err'} when the program has ended.
function! s:run(argv, Done) abort
  let run = {'code': -1, 'out': '', 'err': '', 'left': 2}
  if has('nvim')
    let Take = {_, data, name -> extend(run, {name[3:]: join(data, "\n")})}
    try
      call jobstart(a:argv, {'stdout_buffered': 1, 'stderr_buffered': 1, 'on_stdout': Take,
            \ 'on_stderr': Take, 'on_exit': {_, code, __ -> a:Done(extend(run, {'code': code}))}})
    catch
      call timer_start(0, {-> a:Done(extend(run, {'err': v:exception}))})
    endtry
    return
  endif
  " The end of a process and the end of its output come in any order.
  let End = {code -> s:ended(run, code, a:Done)}
  let job = job_start(a:argv, {'in_io': 'null', 'stoponexit': '',
        \ 'out_cb': {_, line -> extend(run, {'out': run.out . line . "\n"})},
        \ 'err_cb': {_, line -> extend(run, {'err': run.err . line . "\n"})},
        \ 'close_cb': {_ -> End(-1)}, 'exit_cb': {_, code -> End(code)}})
  if job_status(job) ==# 'fail'
    call timer_start(0, {-> a:Done(extend(run, {'err': a:argv[0] . ' cannot be run'}))})
  endif
endfunction

function! s:ended(run, code, Done) abort
  let a:run.left -= 1
  let a:run.code = max([a:run.code, a:code])
  if a:run.left == 0
    call a:Done(a:run)
  endif
endfunction
