;;; kbsearch.el --- Search dated notes with kbsearchd  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: GPL-2.0-or-later
;; Version: 0.1.0
;; Package-Requires: ((emacs "28.1"))
;; Keywords: convenience, hypermedia, matching

;;; Commentary:

;; Search of dated Markdown notes, one entry a hit, by the daemon kbsearchd:
;;
;;   M-x kbsearch            hits in a buffer of results; `next-error' walks them
;;   M-x kbsearch-live       hits as you type
;;   M-x kbsearch-timeline   an entity's story, oldest first
;;   M-x kbsearch-backlinks  what links to the note of this buffer
;;   M-x kbsearch-related    what is like the unit at point
;;
;; Requests go over the daemon's socket with jsonrpc.el and are answered
;; asynchronously.  The daemon is started when none listens.

;;; Code:

(require 'jsonrpc)
(require 'seq)
(require 'subr-x)

(declare-function consult--dynamic-collection "ext:consult")
(declare-function consult--read "ext:consult")

(defgroup kbsearch nil
  "Search of dated notes."
  :group 'matching
  :prefix "kbsearch-")

(defcustom kbsearch-program "kbsearch"
  "The program that finds the socket and starts the daemon."
  :type 'string)

(defcustom kbsearch-arguments nil
  "Options for `kbsearch-program', as (\"--index\" \"work\")."
  :type '(repeat string))

(defcustom kbsearch-limit 100
  "How many hits a list has at most."
  :type 'natnum)

(defcustom kbsearch-deadline 5000
  "Milliseconds that a request may take."
  :type 'natnum)

(defface kbsearch-match '((t :inherit match))
  "Words that matched.")

(defface kbsearch-date '((t :inherit font-lock-constant-face))
  "The date of a unit.")

(defface kbsearch-path '((t :inherit font-lock-function-name-face))
  "The place of a unit.")

;;;; Connection

(defvar kbsearch--connection nil "The one connection, or nil.")
(defvar kbsearch--socket nil "Path of the socket, once known.")
(defvar kbsearch--waiting nil
  "Pairs (READY . FAILED) of functions to call once connected, or not.
Nil when nobody is connecting.")

(defun kbsearch--run (option done)
  "Run the program with OPTION; call DONE with exit code and output.
The output is a pair of strings: standard output and errors."
  (let* ((out (generate-new-buffer " *kbsearch out*"))
         (err (generate-new-buffer " *kbsearch err*"))
         (errors (make-pipe-process :name "kbsearch err" :buffer err
                                    :noquery t :sentinel #'ignore))
         (default-directory temporary-file-directory))
    (make-process
     :name "kbsearch" :buffer out :stderr errors :noquery t
     :connection-type 'pipe
     :command (append (list kbsearch-program) kbsearch-arguments (list option))
     :sentinel
     (lambda (process _event)
       (unless (process-live-p process)
         (while (accept-process-output errors 0))
         (let ((said (cons (with-current-buffer out (buffer-string))
                           (with-current-buffer err (buffer-string)))))
           (delete-process errors)
           (kill-buffer out)
           (kill-buffer err)
           (funcall done (process-exit-status process) said)))))))

(defun kbsearch--last-words (said otherwise)
  "The last line of the errors in SAID, or OTHERWISE."
  (let ((lines (split-string (cdr said) "[\r\n]+" t "[ \t]+")))
    (if lines
        (string-remove-prefix "kbsearch: " (car (last lines)))
      otherwise)))

(defun kbsearch--connect ()
  "Connect to who listens at the socket; nil when nobody does."
  (condition-case nil
      (setq kbsearch--connection
            (make-instance
             'jsonrpc-process-connection
             :name "kbsearch"
             :events-buffer-scrollback-size 0
             :on-shutdown (lambda (dead)
                            (when (eq dead kbsearch--connection)
                              (setq kbsearch--connection nil)))
             :process (make-network-process
                       :name "kbsearch" :family 'local :service kbsearch--socket
                       :coding 'utf-8-emacs-unix :noquery t)))
    (file-error nil)))

(defun kbsearch--settle (message)
  "Call who waits for a connection; with a MESSAGE there is none."
  (let ((waiting (nreverse kbsearch--waiting)))
    (setq kbsearch--waiting nil)
    (dolist (pair waiting)
      (if message
          (funcall (cdr pair) message)
        (funcall (car pair))))))

(defun kbsearch--find ()
  "Find the socket, start a daemon when none listens, and connect."
  (kbsearch--run
   "--sockname"
   (lambda (code said)
     (setq kbsearch--socket (string-trim-right (car said) "\n"))
     (cond
      ((or (/= code 0) (string-empty-p kbsearch--socket))
       (kbsearch--settle
        (kbsearch--last-words said "kbsearch --sockname failed; run it in a shell")))
      ((kbsearch--connect) (kbsearch--settle nil))
      (t
       (kbsearch--run
        "--status"
        (lambda (_code said)
          (kbsearch--settle
           (unless (kbsearch--connect)
             (kbsearch--last-words
              said (format "no daemon listens at %s; run: kbsearchd --foreground"
                           kbsearch--socket)))))))))))

(defun kbsearch--with-connection (ready failed)
  "Call READY once connected, or FAILED with a message."
  (cond
   ((and kbsearch--connection (jsonrpc-running-p kbsearch--connection))
    (funcall ready))
   (kbsearch--waiting (push (cons ready failed) kbsearch--waiting))
   ((not (executable-find kbsearch-program))
    (funcall failed (format "%s is not on PATH; install kbsearch, or set `kbsearch-program'"
                            kbsearch-program)))
   (t
    (push (cons ready failed) kbsearch--waiting)
    (if (and kbsearch--socket (kbsearch--connect))
        (kbsearch--settle nil)
      (kbsearch--find)))))

(defun kbsearch--explain (method error)
  "What ERROR, the answer to METHOD, means for a person."
  (let ((reason (plist-get (plist-get error :data) :reason)))
    (cond
     ((equal (plist-get error :code) -1)
      "kbsearchd went away before it answered; ask again, it will be started anew")
     ((equal reason "unknown_method")
      (format "this kbsearchd knows no \"%s\": install a newer kbsearch, then end the old daemon"
              method))
     (t (or (plist-get error :message) "an error without a message")))))

(defun kbsearch--call (method params done failed)
  "Ask METHOD with the plist PARAMS.
DONE is called with the result, or FAILED with a message and the
error's reason.  Nothing waits."
  (kbsearch--with-connection
   (lambda ()
     (jsonrpc-async-request
      kbsearch--connection method params
      :success-fn done
      :error-fn (lambda (error)
                  (funcall failed (kbsearch--explain method error)
                           (plist-get (plist-get error :data) :reason)))
      :timeout (+ 1 (/ kbsearch-deadline 1000.0))
      :timeout-fn (lambda ()
                    (funcall failed
                             (format "no answer within %.1f s; is the daemon stopped? See: kbsearch --status"
                                     (/ kbsearch-deadline 1000.0))
                             "timed_out"))))
   (lambda (message) (funcall failed message "no_daemon"))))

(defun kbsearch--params (&rest more)
  "Parameters that each search has, and MORE."
  (append more (list :today (format-time-string "%Y-%m-%d")
                     :deadline_ms kbsearch-deadline)))

;;;; Hits

(defun kbsearch--hits (result)
  "The units in RESULT, as a list."
  (seq-filter (lambda (hit) (stringp (plist-get hit :path)))
              (append (or (plist-get result :hits) (plist-get result :entries)
                          (plist-get result :links))
                      nil)))

(defun kbsearch--clean (text)
  "TEXT in one line, without control characters."
  (if (string-match-p "[[:cntrl:]]" text)
      (replace-regexp-in-string "[[:cntrl:]]+" " " text)
    text))

(defun kbsearch--snippet (hit &optional width)
  "The snippet of HIT with its matches in their face.
With WIDTH, nothing is made that lies beyond so many columns."
  (let ((segments (append (plist-get hit :snippet) nil))
        (parts (and (seq-empty-p (plist-get hit :snippet))
                    (list (kbsearch--clean (or (plist-get hit :text) ""))))))
    (while (and segments (or (null width) (> width 0)))
      (let* ((segment (pop segments))
             (text (kbsearch--clean (plist-get segment :t))))
        (when width
          (setq width (- width (string-width text))))
        (push (if (eq (plist-get segment :m) t)
                  (propertize text 'face 'kbsearch-match)
                text)
              parts)))
    (apply #'concat (nreverse parts))))

(defun kbsearch--line (hit)
  "The line of the first match of HIT."
  (or (plist-get hit :match_line) (plist-get hit :line) 1))

(defun kbsearch--row (hit &optional width)
  "HIT as one line: date, place, snippet; WIDTH as for the snippet."
  (concat (propertize (or (plist-get hit :date) "          ") 'face 'kbsearch-date)
          "  "
          (propertize (format "%s:%d" (file-name-nondirectory (plist-get hit :path))
                              (kbsearch--line hit))
                      'face 'kbsearch-path)
          "  " (kbsearch--snippet hit width)))

(defun kbsearch--notices (result)
  "What RESULT has to tell beside its hits, as strings."
  (let ((relaxed (plist-get result :relaxed))
        (suggestion (plist-get result :suggestion)))
    (append
     (when relaxed
       (list (if (equal (plist-get relaxed :to) "any")
                 "no unit has most of the words; these have any"
               (format "no unit has all words; these have %s of %s"
                       (plist-get relaxed :words) (plist-get relaxed :of)))))
     (when suggestion
       (list (format "no unit has \"%s\"; read as \"%s\""
                     (plist-get suggestion :from) (plist-get suggestion :to))))
     (when (plist-get result :incomplete)
       (list (format "the answer is incomplete: %s"
                     (plist-get (plist-get result :incomplete) :reason))))
     (seq-filter #'stringp (plist-get result :warnings)))))

(defun kbsearch--words (hit)
  "A regexp for the words of HIT that matched, or nil.
What stands between two words in the source is not in the snippet."
  (let ((words (delq nil
                     (mapcar (lambda (segment)
                               (when (eq (plist-get segment :m) t)
                                 (mapconcat #'regexp-quote
                                            (split-string (plist-get segment :t)
                                                          "[^[:alnum:]]+" t)
                                            "[^[:alnum:]]+")))
                             (plist-get hit :snippet)))))
    (when (setq words (delete "" words))
      (mapconcat #'identity (delete-dups words) "\\|"))))

(defvar-local kbsearch--marks nil "Overlays on the words of the unit jumped to.")

(defun kbsearch--unmark ()
  "Remove the highlight when point has left its unit."
  (unless (seq-some (lambda (mark)
                      (let ((unit (overlay-get mark 'kbsearch-unit)))
                        (<= (car unit) (line-number-at-pos nil t) (cdr unit))))
                    kbsearch--marks)
    (mapc #'delete-overlay kbsearch--marks)
    (setq kbsearch--marks nil)
    (remove-hook 'post-command-hook #'kbsearch--unmark t)))

(defun kbsearch--mark (hit)
  "Highlight the words of HIT in its lines."
  (mapc #'delete-overlay kbsearch--marks)
  (setq kbsearch--marks nil)
  (let* ((from (plist-get hit :line))
         (to (or (plist-get hit :end_line) from))
         (words (kbsearch--words hit))
         (case-fold-search t))
    (when (and words from)
      (save-excursion
        (save-restriction
          (widen)
          (goto-char (point-min))
          (forward-line (1- from))
          (let ((end (line-end-position (1+ (- to from)))))
            (while (re-search-forward words end t)
              (let ((mark (make-overlay (match-beginning 0) (match-end 0))))
                (overlay-put mark 'face 'kbsearch-match)
                (overlay-put mark 'kbsearch-unit (cons from to))
                (push mark kbsearch--marks))))))
      (add-hook 'post-command-hook #'kbsearch--unmark nil t))))

(defun kbsearch--visit (hit &optional show)
  "Go to the first match of HIT and highlight it; SHOW displays the buffer."
  (let ((buffer (find-file-noselect (plist-get hit :path))))
    (funcall (or show #'pop-to-buffer-same-window) buffer)
    (with-current-buffer buffer
      (widen)
      (goto-char (point-min))
      (forward-line (1- (kbsearch--line hit)))
      (goto-char (or (byte-to-position
                      (+ (position-bytes (point)) (1- (or (plist-get hit :col) 1))))
                     (point)))
      (let ((window (get-buffer-window buffer)))
        (when window
          (set-window-point window (point))))
      (kbsearch--mark hit))))

;;;; Results

(defvar kbsearch-results-mode-map
  (let ((map (make-sparse-keymap)))
    (define-key map (kbd "RET") #'kbsearch-visit)
    (define-key map (kbd "o") #'kbsearch-display)
    (define-key map (kbd "n") #'next-line)
    (define-key map (kbd "p") #'previous-line)
    map)
  "Keys of a list of hits.")

(define-derived-mode kbsearch-results-mode special-mode "Kbsearch"
  "A list of hits: RET goes to one, `next-error' to the next."
  (setq-local next-error-function #'kbsearch--next-error)
  (setq-local truncate-lines t))

(defun kbsearch--at-point ()
  "The hit of this line."
  (or (get-text-property (line-beginning-position) 'kbsearch-hit)
      (user-error "No hit on this line")))

(defvar-local kbsearch--visited nil "Whether the hit at point was gone to.")

(defun kbsearch-visit ()
  "Go to the hit of this line."
  (interactive)
  (let ((hit (kbsearch--at-point)))
    (setq next-error-last-buffer (current-buffer)
          kbsearch--visited t)
    (kbsearch--visit hit #'pop-to-buffer)))

(defun kbsearch-display ()
  "Show the hit of this line in another window."
  (interactive)
  (kbsearch--visit (kbsearch--at-point) #'display-buffer))

(defun kbsearch--next-error (&optional n reset)
  "Go N hits on; from the first one with RESET."
  (when reset
    (goto-char (point-min))
    (setq kbsearch--visited nil))
  (let* ((steps (- (or n 1) (if kbsearch--visited 0 1)))
         (left (forward-line steps)))
    (when (or (/= left 0) (not (get-text-property (point) 'kbsearch-hit)))
      (user-error "No more hits")))
  (let ((window (get-buffer-window)))
    (when window
      (set-window-point window (point))))
  (kbsearch-visit))

(defun kbsearch--list (title result)
  "Show the hits of RESULT under TITLE."
  (let ((hits (kbsearch--hits result))
        (buffer (get-buffer-create "*kbsearch*")))
    (if (null hits)
        (message "kbsearch: no hit: %s" title)
      (with-current-buffer buffer
        (kbsearch-results-mode)
        (let ((inhibit-read-only t))
          (erase-buffer)
          (dolist (hit hits)
            (insert (propertize (kbsearch--row hit) 'kbsearch-hit hit) "\n")))
        (goto-char (point-min))
        (setq header-line-format (replace-regexp-in-string "%" "%%" title)))
      (setq next-error-last-buffer buffer)
      (display-buffer buffer)
      (message "kbsearch: %s"
               (string-join (cons (format "%d of %s hits" (length hits)
                                          (or (plist-get result :total) (length hits)))
                                  (kbsearch--notices result))
                            "; ")))))

(defun kbsearch--complain (text &rest _reason)
  "Tell TEXT, what went wrong."
  (message "kbsearch: %s" text))

(defvar kbsearch--newest 0 "Number of the newest command; answers to older ones are dropped.")

(defun kbsearch--ask (method title params)
  "Ask METHOD with PARAMS and show the hits under TITLE."
  (let ((mine (setq kbsearch--newest (1+ kbsearch--newest))))
    (kbsearch--call method params
                    (lambda (result)
                      (when (= mine kbsearch--newest)
                        (kbsearch--list title result)))
                    (lambda (text &rest _reason)
                      (when (= mine kbsearch--newest)
                        (kbsearch--complain text))))))

;;;; Commands

(defvar kbsearch-history nil "Queries that were asked.")

(defun kbsearch--read (prompt)
  "Read a query with PROMPT; the symbol at point is the default."
  (let ((default (thing-at-point 'symbol t)))
    (read-string (format-prompt prompt default) nil 'kbsearch-history default)))

;;;###autoload
(defun kbsearch (query)
  "List the units for QUERY, best first."
  (interactive (list (kbsearch--read "Search notes")))
  (kbsearch--ask 'search query
                 (kbsearch--params :query query :limit kbsearch-limit :text_bytes 1
                                   :session "list")))

;;;###autoload
(defun kbsearch-timeline (query)
  "List the story of QUERY, oldest first."
  (interactive (list (kbsearch--read "Timeline of")))
  (kbsearch--ask 'timeline (format "timeline of %s" query)
                 (kbsearch--params :query query)))

(defun kbsearch--this-note ()
  "The file of this buffer."
  (or (buffer-file-name) (user-error "This buffer is no note: it has no file")))

;;;###autoload
(defun kbsearch-backlinks (note)
  "List the units that link to NOTE, a title or a path.
Interactively, it is the note of this buffer; with a prefix
argument, it is asked for."
  (interactive (list (if current-prefix-arg
                         (kbsearch--read "Links to")
                       (kbsearch--this-note))))
  (kbsearch--ask 'backlinks (format "links to %s" note) (list :note note :limit kbsearch-limit)))

;;;###autoload
(defun kbsearch-related ()
  "List what is like the unit at point."
  (interactive)
  (kbsearch--ask 'related (format "related to %s" (buffer-name))
                 (list :path (kbsearch--this-note) :line (line-number-at-pos nil t))))

;;;; As you type

;; Completion asks for candidates of a text; the answer is waited for, but any key ends the wait.
;; Candidates are what the daemon found: no completion style may judge them once more.

(defun kbsearch--try (text _table _pred point)
  "TEXT and POINT as they are: a query completes to nothing else."
  (cons text point))

(defun kbsearch--all (text table pred _point)
  "All candidates that TABLE has for TEXT under PRED."
  (funcall table text pred t))

(add-to-list 'completion-styles-alist
             '(kbsearch kbsearch--try kbsearch--all "What kbsearchd finds."))

(defun kbsearch--candidates (result)
  "The hits of RESULT as strings, no two of them equal."
  (let ((seen (make-hash-table :test #'equal)))
    (mapcar (lambda (hit)
              (let* ((row (kbsearch--row hit))
                     (times (puthash row (1+ (gethash row seen 0)) seen)))
                (propertize (if (= times 1) row (format "%s (%d)" row times))
                            'kbsearch-hit hit)))
            (kbsearch--hits result))))

(defun kbsearch--live-params (text limit)
  "Parameters of the search for LIMIT hits of TEXT, still being typed."
  (kbsearch--params :query text :partial t :session "live" :limit limit :text_bytes 1))

(defun kbsearch--live-candidates (text)
  "What is found for TEXT; a key that is pressed ends the wait."
  (unless (string-blank-p text)
    (let (done rows)
      (kbsearch--call 'search (kbsearch--live-params text 20)
                      (lambda (result)
                        (setq rows (kbsearch--candidates result) done t))
                      (lambda (message reason)
                        (setq done t)
                        (unless (equal reason "cancelled")
                          (minibuffer-message "kbsearch: %s" message))))
      (while (not (or done (input-pending-p)))
        (accept-process-output nil 0.05))
      (if done rows 'interrupted))))

(defun kbsearch--live-table ()
  "A completion table that asks the daemon."
  (let ((last (cons nil nil)))
    (lambda (text _pred action)
      (cond
       ((eq action 'metadata)
        '(metadata (category . kbsearch) (display-sort-function . identity)
                   (cycle-sort-function . identity)))
       ((eq (car-safe action) 'boundaries) nil)
       (t
        (unless (equal (car last) text)
          (let ((rows (kbsearch--live-candidates text)))
            (setq last (if (listp rows) (cons text rows) (cons nil nil)))))
        (pcase action
          ('t (copy-sequence (cdr last)))
          ('lambda (and (member text (cdr last)) t))
          (_ text)))))))

(defun kbsearch--live-setup ()
  "Let the daemon alone judge."
  (setq-local completion-category-overrides '((kbsearch (styles kbsearch)))
              completion-category-defaults nil
              completion-styles '(kbsearch)))

(defun kbsearch--live-completing-read (initial)
  "Read a hit with `completing-read', beginning with INITIAL."
  (minibuffer-with-setup-hook #'kbsearch--live-setup
    (completing-read "Notes: " (kbsearch--live-table) nil t initial
                     'kbsearch-history)))

(defun kbsearch--live-consult (initial)
  "Read a hit with consult, beginning with INITIAL."
  (consult--read
   (consult--dynamic-collection
    (lambda (text)
      (let ((rows (kbsearch--live-candidates text)))
        (and (listp rows) rows))))
   :prompt "Notes: " :initial initial :sort nil :require-match t :category 'kbsearch
   :history '(:input kbsearch-history)
   :lookup (lambda (selected candidates &rest _) (car (member selected candidates)))))

;; Without vertico and its like: the hits below the text, put there when they come in.

(defvar-local kbsearch--live-text nil "What was asked for last.")
(defvar-local kbsearch--live-shown nil "The text that the rows belong to.")
(defvar-local kbsearch--live-hits nil "What was found, as many as are shown.")
(defvar-local kbsearch--live-rows nil "The hits as they are shown.")
(defvar-local kbsearch--live-at 0 "The row that is chosen.")
(defvar-local kbsearch--live-overlay nil "Where they are shown.")

(defvar kbsearch-live-hook nil
  "Functions to run when `kbsearch-live' has shown hits.")

(defvar kbsearch-live-map
  (let ((map (make-sparse-keymap)))
    (set-keymap-parent map minibuffer-local-map)
    (define-key map (kbd "C-n") #'kbsearch-live-next)
    (define-key map (kbd "<down>") #'kbsearch-live-next)
    (define-key map (kbd "C-p") #'kbsearch-live-previous)
    (define-key map (kbd "<up>") #'kbsearch-live-previous)
    map)
  "Keys while `kbsearch-live' reads.")

(defun kbsearch--live-height ()
  "How many rows are shown."
  (max 3 (min 15 (/ (frame-height) 3))))

(defun kbsearch--live-draw (note)
  "Show the rows, or NOTE when there are none."
  (let* ((at -1)
         (text (mapconcat (lambda (row)
                            (when (= (setq at (1+ at)) kbsearch--live-at)
                              (setq row (copy-sequence row))
                              (add-face-text-property 0 (length row) 'highlight t row))
                            row)
                          kbsearch--live-rows "\n")))
    (setq text (concat " \n" (if kbsearch--live-rows text (propertize note 'face 'shadow))))
    (put-text-property 0 1 'cursor t text)
    (move-overlay kbsearch--live-overlay (point-max) (point-max))
    (overlay-put kbsearch--live-overlay 'after-string text)))

(defun kbsearch--live-show (buffer text hits note)
  "Show HITS, or NOTE, in BUFFER if its text still is TEXT."
  (when (and (buffer-live-p buffer)
             (equal text (buffer-local-value 'kbsearch--live-text buffer)))
    (with-current-buffer buffer
      (let ((width (- (frame-width) 2)))
        (setq kbsearch--live-shown text
              kbsearch--live-hits hits
              kbsearch--live-rows (mapcar (lambda (hit)
                                            (truncate-string-to-width
                                             (kbsearch--row hit width) width))
                                          hits)
              kbsearch--live-at 0))
      (kbsearch--live-draw note)
      (run-hooks 'kbsearch-live-hook))))

(defun kbsearch--live-typed ()
  "Ask for what is typed, when that changed."
  (let ((text (minibuffer-contents-no-properties))
        (buffer (current-buffer)))
    (unless (equal text kbsearch--live-text)
      (setq kbsearch--live-text text)
      (if (string-blank-p text)
          (kbsearch--live-show buffer text nil "")
        (kbsearch--call
         'search (kbsearch--live-params text (kbsearch--live-height))
         (lambda (result)
           (kbsearch--live-show buffer text (kbsearch--hits result) "no hit"))
         (lambda (message &optional reason)
           (unless (equal reason "cancelled")
             (kbsearch--live-show buffer text nil message))))))))

(defun kbsearch-live-next (&optional n)
  "Choose the next row, or go N rows on."
  (interactive)
  (when kbsearch--live-rows
    (setq kbsearch--live-at (mod (+ kbsearch--live-at (or n 1))
                                 (length kbsearch--live-rows)))
    (kbsearch--live-draw "")))

(defun kbsearch-live-previous ()
  "Choose the row before."
  (interactive)
  (kbsearch-live-next -1))

(defun kbsearch--live-read (initial)
  "Read a hit in the minibuffer, beginning with INITIAL."
  (let (buffer
        ;; An answer comes in one piece then, not in pieces of 4 KiB.
        (read-process-output-max (max read-process-output-max (* 64 1024))))
    (minibuffer-with-setup-hook
        (lambda ()
          (setq buffer (current-buffer)
                kbsearch--live-overlay (make-overlay (point-max) (point-max) nil t t)
                kbsearch--live-text nil
                kbsearch--live-hits nil
                kbsearch--live-at 0)
          (setq-local max-mini-window-height 0.5)
          (add-hook 'post-command-hook #'kbsearch--live-typed nil t)
          (add-hook 'minibuffer-exit-hook
                    (lambda () (delete-overlay kbsearch--live-overlay)) nil t))
      (read-from-minibuffer "Notes: " initial kbsearch-live-map nil 'kbsearch-history))
    (nth (buffer-local-value 'kbsearch--live-at buffer)
         (buffer-local-value 'kbsearch--live-hits buffer))))

(defun kbsearch--live-chosen (row)
  "The hit that ROW, a candidate, stands for."
  (and row (> (length row) 0) (get-text-property 0 'kbsearch-hit row)))

;;;###autoload
(defun kbsearch-live (&optional initial)
  "Show hits as you type, and go to the one that is chosen.
INITIAL is typed already.  Consult is used when it is there, else
`completing-read' when vertico, icomplete, ivy or helm draws it,
else a display of our own that never waits."
  (interactive)
  ;; A collection of garbage takes as long as two keys: it waits until the last was typed.
  (let* ((gc-cons-threshold (max gc-cons-threshold (* 64 1024 1024)))
         (hit (cond
               ((require 'consult nil t)
                (kbsearch--live-chosen (kbsearch--live-consult initial)))
               ((seq-some (lambda (mode) (and (boundp mode) (symbol-value mode)))
                          '(vertico-mode icomplete-mode fido-mode ivy-mode helm-mode))
                (kbsearch--live-chosen (kbsearch--live-completing-read initial)))
               (t (kbsearch--live-read initial)))))
    (if hit
        (kbsearch--visit hit)
      (message "kbsearch: nothing chosen"))))

(provide 'kbsearch)
;;; kbsearch.el ends here
