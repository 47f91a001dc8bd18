;; SPDX-License-Identifier: GPL-2.0-or-later  -*- lexical-binding: t; -*-
;; Compiles $T/kbsearch.el without a warning, and has package-lint and checkdoc look at it.
(require 'package)
(package-initialize)
(defvar ed-lines nil)
(defun ok (name found)
  (push (if found (format "not ok %s\n# %S" name found) (concat "ok " name)) ed-lines))
(let ((byte-compile-error-on-warn t)
      (file (concat (getenv "T") "/kbsearch.el")))
  (ok "compiles without a warning" (unless (byte-compile-file file) 'failed))
  (with-current-buffer (find-file-noselect file)
    (when (require 'package-lint nil t)
      ;; package-lint 0.16 is older than Emacs 28, and says so of every package that asks for it.
      ;; A home page the package will have when it is published; a made-up one would be a lie.
      (ok "package-lint" (seq-remove (lambda (found)
                                       (string-match-p
                                        "uninstallable in all released Emacs\\|should have a Homepage or URL"
                                        (nth 3 found)))
                                     (package-lint-buffer))))
    (require 'checkdoc)
    (let ((checkdoc-autofix-flag 'never) (checkdoc-diagnostic-buffer "*found*"))
      (checkdoc-current-buffer t)
      (ok "checkdoc" (with-current-buffer "*found*"
                       (goto-char (point-min))
                       (and (re-search-forward "^kbsearch.el:[0-9]" nil t) (buffer-string)))))))
(with-temp-file (concat (getenv "T") "/tap")
  (insert (string-join (reverse ed-lines) "\n") "\n"))
