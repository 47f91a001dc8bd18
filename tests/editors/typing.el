;; SPDX-License-Identifier: GPL-2.0-or-later  -*- lexical-binding: t; -*-
;; For typist.py: opens `kbsearch-live', and writes each list shown, and when, to $T/shown.  With
;; $KB_PLAIN there is no plugin: each key draws as many rows that were there before.
(add-to-list 'load-path (concat (getenv "KB_SRCDIR") "/editors/emacs"))
(setq inhibit-startup-screen t load-prefer-newer t)
(require 'kbsearch)
(defvar ed-log nil)
(defvar ed-worst 0)
(defvar ed-last nil)

(defun tick ()
  (let ((now (float-time)))
    (setq ed-worst (max ed-worst (truncate (* 1e6 (- now ed-last)))) ed-last now)))

(defun finish ()
  (with-temp-file (expand-file-name "shown.part" (getenv "T"))
    (insert (json-serialize `(:worst_us ,ed-worst :log ,(vconcat (reverse ed-log))))))
  (rename-file (expand-file-name "shown.part" (getenv "T")) (expand-file-name "shown" (getenv "T")))
  (kill-emacs))

(defun shown ()
  (push (list :at (float-time) :text (minibuffer-contents-no-properties)
              :shown kbsearch--live-shown
              :rows (vconcat (seq-take (mapcar #'substring-no-properties kbsearch--live-rows) 2)))
        ed-log)
  (when (equal (minibuffer-contents-no-properties) (getenv "KB_TEXT"))
    (run-with-timer 0.3 nil #'finish)))

(defun measure ()
  (setq ed-last (float-time) ed-worst 0 ed-log nil)
  (run-with-timer 0.001 0.001 #'tick)
  (write-region "" nil (expand-file-name "ready" (getenv "T"))))

(defun ready ()
  (run-with-timer 0.3 nil (lambda () (add-hook 'kbsearch-live-hook #'shown) (measure)))
  (kbsearch-live))

(defvar plain-rows (mapcar (lambda (n) (apply #'concat (make-list 16 (format "%c word " n))))
                           (number-sequence ?a ?m)))

(defun plain ()
  (run-with-timer 0.3 nil #'measure)
  (minibuffer-with-setup-hook
      (lambda ()
        (let ((rows (make-overlay (point-max) (point-max) nil t t)))
          (setq-local max-mini-window-height 0.5)
          (add-hook 'post-command-hook
                    (lambda ()
                      (setq plain-rows (append (cdr plain-rows) (list (car plain-rows))))
                      (move-overlay rows (point-max) (point-max))
                      (overlay-put rows 'after-string
                                   (concat (propertize " " 'cursor t) "\n"
                                           (mapconcat #'identity plain-rows "\n")))
                      (when (equal (minibuffer-contents-no-properties) (getenv "KB_TEXT"))
                        (run-with-timer 0.3 nil #'finish)))
                    nil t)))
    (let ((gc-cons-threshold (* 64 1024 1024)))
      (read-from-minibuffer "Notes: "))))

(run-with-timer 0.2 nil (lambda ()
                          (if (getenv "KB_PLAIN")
                              (plain)
                            (kbsearch--call 'status nil
                                            (lambda (_) (run-with-timer 0 nil #'ready))
                                            (lambda (&rest _) (kill-emacs 1))))))
