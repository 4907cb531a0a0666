# English texts. `err-<code>` says what happened, `rec-<code>` what to do. The reader is an accountant, not a programmer.
# An argument may be missing: it then has the value `none`, so each is used only inside a variant chosen by itself.

## The request itself

err-malformed-json = The program sent a request that is not valid JSON.
rec-malformed-json = Tell the developer of the program that sent it. Nothing was signed.
err-invalid-field = { $field ->
    [none] A value in the request is missing or wrong.
   *[other] { $reason ->
        [none] The value “{ $field }” in the request is missing or wrong.
       *[other] The value “{ $field }” in the request is wrong: { $reason }.
    }
}
rec-invalid-field = Correct the value and send the request again. Nothing was signed.
err-invalid-selector = { $mistake ->
    [none] It is not clear which certificate is meant.
    [unrecognised] This selects no certificate.
    [unknown-filter] There is no filter { $name }.
    [not-12-digits] The value of { $name } must be 12 digits.
    [not-10-or-12-digits] The value of { $name } must be 10 or 12 digits.
    [not-13-or-15-digits] The value of { $name } must be 13 or 15 digits.
    [not-11-digits] The value of { $name } must be 11 digits.
    [no-token] The value of { $name } must be the token's label or serial number.
    [no-text] The value of { $name } must be some text that the name contains.
    [no-key-usage] The value of { $name } must be an object identifier or a name such as emailProtection or clientAuth.
    [not-hexadecimal] The value of { $name } must be the certificate's serial number in hexadecimal.
    [no-instant] The value of { $name } must be a date such as 2026-01-31 or an RFC 3339 instant.
    [uri-scheme] A PKCS#11 address begins with “pkcs11:”.
    [uri-pin] A PKCS#11 address must not carry { $name }: enter the PIN when asked, or configure a PIN source for the certificate.
    [uri-no-value] An attribute of the PKCS#11 address has no value; write name=value, separated by “;”.
    [uri-slot] Slots change their numbers: name the token by token= or serial= instead of { $name }.
    [uri-unknown] The attribute { $name } of a PKCS#11 address is not supported.
    [uri-duplicate] The PKCS#11 address gives { $name } more than once.
    [uri-encoding] The value of { $name } in the PKCS#11 address is not valid percent-encoded text.
    [uri-type] The attribute “type” of a PKCS#11 address is one of cert, private, public, secret-key, data.
   *[other] { $name ->
        [none] It is not clear which certificate is meant.
       *[other] It is not clear which certificate is meant ({ $name }).
    }
}
rec-invalid-selector = Name the certificate by the beginning of its fingerprint, by a PKCS#11 address (pkcs11:…), or by filters such as iin=…,bin=…. “tokensign certs” lists the certificates.
err-digest-mismatch = { $document ->
    [none] The document does not match the checksum that came with it.
   *[other] The document “{ $document }” does not match the checksum that came with it.
}
rec-digest-mismatch = The document was changed or damaged on its way. Take it from its source again. Nothing was signed.
err-digest-length = { $document ->
    [none] A checksum in the request has the wrong length.
   *[other] The checksum of “{ $document }” has the wrong length.
}
rec-digest-length = The program or the service computed the checksum by another algorithm than it names. Tell its developer. Nothing was signed.
err-not-found = This address does not exist in tokensign.
rec-not-found = Check the address, or compare the program's version with the list of calls at /docs.
err-no-such-item = { $item ->
    [none] There is no such item, or it belongs to another program.
    [at_service] The service has nothing under this identifier.
   *[other] There is no “{ $item }”, or it belongs to another program.
}
rec-no-such-item = { $item ->
    [at_service] Check the identifier in the service, and that the profile is of the right organisation.
   *[other] Check the identifier. “tokensign jobs list” shows the jobs.
}
err-method-not-allowed = This call does not exist at this address.
rec-method-not-allowed = Tell the developer of the program; the list of calls is at /docs.
err-body-too-large = { $limit ->
    [none] The request is larger than tokensign accepts.
   *[other] The request is larger than tokensign accepts ({ $limit } bytes).
}
rec-body-too-large = Send large documents as a multipart form; they are then read piece by piece. The limit stands in the configuration.
err-request-too-slow = The request came too slowly.
rec-request-too-slow = Repeat it. If it happens again, tell the developer of the program: it must send its request without long pauses.
err-unsupported-media-type = The request has a content type that this call does not accept.
rec-unsupported-media-type = Tell the developer of the program: the call takes application/json or multipart/form-data.
err-idempotency-mismatch = The same Idempotency-Key came with another request.
rec-idempotency-mismatch = Tell the developer of the program: every new request needs a new key. Nothing was done twice.
err-idempotency-in-progress = The same request is being worked on already.
rec-idempotency-in-progress = Wait for its result; nothing has to be sent again.
err-wrong-state = { $state ->
    [none] This is not possible in the present state.
   *[other] This is not possible in the state “{ $state }”.
}
rec-wrong-state = Look at the present state with “tokensign jobs show”, then decide.
err-not-removable = { $reason ->
    [none] What the job left at the service cannot be removed.
   *[other] What the job left at the service cannot be removed: { $reason }.
}
rec-not-removable = Look at it in the service itself; “tokensign jobs show” names it.
err-file-unreadable = { $path ->
    [none] The file cannot be read.
   *[other] { $reason ->
        [none] The file { $path } cannot be read.
       *[other] The file { $path } cannot be read: { $reason }.
    }
}
rec-file-unreadable = Check that the file exists and that you may open it.

## Showing a document

err-content-not-seen = The content cannot be shown: the program sent only a checksum of the document.
rec-content-not-seen = Approve only if you trust the program to have made the checksum of the right document; otherwise refuse.
err-content-unknown = Content of this kind cannot be shown here.
rec-content-unknown = Save a copy, open it with the program it was made with, then decide.
err-content-broken = The content cannot be shown: the file is damaged, or is not what it claims to be.
rec-content-broken = Ask the sender for a sound file. If you did not expect this document, refuse.
err-content-protected = The content cannot be shown: the file is protected with a password.
rec-content-protected = Save a copy, open it with the password, then decide.
err-content-too-heavy = The content cannot be shown: that would take more time or memory than is allowed.
rec-content-too-heavy = Such a file may be made to do harm. If you did not expect it, refuse; otherwise save a copy and open it with care.

## Who may ask

err-foreign-user = The request came from another user of this computer.
rec-foreign-user = Every user runs an agent of their own. Start tokensign as the user who works with the program.
err-wrong-host = The request was addressed to another name than this computer.
rec-wrong-host = Use the address http://127.0.0.1 with the port that “tokensign status” shows. If you did not send this request, a web page may have tried to reach tokensign; nothing was given to it.
err-foreign-origin = { $origin ->
    [none] A web page that is not connected to tokensign sent a request.
   *[other] The web page { $origin } sent a request but is not connected to tokensign.
}
rec-foreign-origin = If you trust the site, let it ask for a connection and compare the six digits. Otherwise nothing has to be done: it received nothing.
err-unpaired = The program is not connected to tokensign.
rec-unpaired = Let the program ask for a connection and confirm it with the six digits that both show. A connection that was ended has to be made anew.
err-permission-denied = { $permission ->
    [none] The program is not allowed to do this.
   *[other] The program is not allowed to do this; it lacks the permission “{ $permission }”.
}
rec-permission-denied = Connect the program again with the permission it needs. “tokensign apps list” shows what it has now.
err-malformed-request = The request is not HTTP/1.1 as it should be.
rec-malformed-request = Use an HTTP library; a message body has either a length or chunks.
err-head-too-large = The head of the request is too large.
rec-head-too-large = Send a shorter path, fewer header fields or shorter ones: at most 32 KiB in all and 64 fields.
err-too-many-connections = Too many connections are open.
rec-too-many-connections = Close connections that are not used, and try again in some seconds.
err-rate-limited = { $retry_after ->
    [none] Too many requests in a short time.
    [one] Too many requests in a short time. The next is accepted in { $retry_after } second.
   *[other] Too many requests in a short time. The next is accepted in { $retry_after } seconds.
}
rec-rate-limited = Wait a little and repeat. If you did not start anything, see which program is asking: “tokensign apps list”.
err-pairing-failed = The connection was not confirmed.
rec-pairing-failed = Start it again from the program and confirm within five minutes, when both show the same six digits.

## Certificates

err-certificate-not-found = { $selector ->
    [none] No suitable certificate was found.
   *[other] No certificate fits “{ $selector }”.
}
rec-certificate-not-found = Check that the right token is plugged in. “tokensign certs” shows the certificates and what each may be used for.
err-certificate-ambiguous = { $count ->
    [none] Several certificates fit.
   *[other] { $count } certificates fit.
}
rec-certificate-ambiguous = Say which one is meant, for instance by the beginning of its fingerprint from “tokensign certs”.
err-certificate-expired = { $certificate ->
    [none] The certificate has expired.
   *[other] { $valid_until ->
        [none] The certificate “{ $certificate }” has expired.
       *[other] The certificate “{ $certificate }” expired on { $valid_until }.
    }
}
rec-certificate-expired = Get a new certificate from your certification centre. If the certificate should still be valid, check the date of this computer.
err-certificate-not-yet-valid = { $certificate ->
    [none] The certificate is not valid yet.
   *[other] { $valid_from ->
        [none] The certificate “{ $certificate }” is not valid yet.
       *[other] The certificate “{ $certificate }” is valid only from { $valid_from }.
    }
}
rec-certificate-not-yet-valid = Wait for that day or use another certificate. If it should be valid now, check the date of this computer.
err-certificate-wrong-purpose = { $certificate ->
    [none] The certificate is not meant for this.
   *[other] The certificate “{ $certificate }” is not meant for this.
}
rec-certificate-wrong-purpose = A certificate for logging in cannot sign documents, and the other way round. Choose another one: “tokensign certs” shows the purpose of each.
err-certificate-without-key = { $certificate ->
    [none] The certificate has no key on the token.
   *[other] The certificate “{ $certificate }” has no key on the token.
}
rec-certificate-without-key = Plug in the token on which the certificate was issued, or choose another certificate.
err-unsupported-algorithm = { $algorithm ->
    [none] The certificate's algorithm cannot be used.
   *[other] The algorithm { $algorithm } cannot be used here.
}
rec-unsupported-algorithm = Choose another certificate or another token. “tokensign tokens” shows what the token can do.

## The person

err-refused = You refused.
rec-refused = Nothing was signed. To sign after all, start the request again in the program.
err-expired = Nobody answered in time.
rec-expired = Nothing was signed. Start the request again in the program and answer it while it waits.
err-no-prompter = There is nowhere to ask for your decision.
rec-no-prompter = Open the page with “tokensign open”, or answer in a terminal with “tokensign approve”.
err-cancelled = The request was cancelled.
rec-cancelled = Nothing more happens. Start it again if it is still needed.
err-approval-mismatch = What was to be signed is not what you approved.
rec-approval-mismatch = Nothing was signed. Start the request again; if this repeats, tell the developer of the program.
err-stale-decision = The question changed after it had been shown to you.
rec-stale-decision = Look at it again as it is now and decide anew.
err-not-unattended = { $certificate ->
    [none] This certificate may be used only when a person answers.
   *[other] The certificate “{ $certificate }” may be used only when a person answers.
}
rec-not-unattended = Answer on the page or in the terminal. To use the certificate without a person, its owner sets unattended = true for it in the configuration.

## The token

err-pin-incorrect = { $tries_left ->
    [none] The PIN is wrong.
    [one] The PIN is wrong. { $tries_left } try is left.
   *[other] The PIN is wrong. { $tries_left } tries are left.
}
rec-pin-incorrect = Nothing was signed. Check the keyboard's language and Caps Lock, and enter the PIN again without haste: when no try is left the token locks.
err-pin-locked = The token's PIN is locked after too many wrong tries.
rec-pin-locked = Unlock it with the administrator's PIN (PUK) in the token maker's program, or ask whoever issued the token. Nothing was signed.
err-pin-expired = The token's PIN has expired.
rec-pin-expired = Change the PIN in the token maker's program, then repeat.
err-pin-not-initialised = The token's PIN has never been set.
rec-pin-not-initialised = Set the PIN in the token maker's program, or ask whoever issued the token.
err-pin-length = The PIN is too short or too long for this token.
rec-pin-length = No try was spent. Enter the PIN of the token itself, not the password of the program or of the computer.
err-pin-last-try = Only one try for the PIN is left.
rec-pin-last-try = Make sure of the PIN first. If it is wrong again the token locks. Continue only after confirming the last try.
err-pin-required = The token needs a PIN, and it was not entered.
rec-pin-required = Approve again and enter the PIN.
err-pin-cancelled = The PIN entry on the reader was cancelled.
rec-pin-cancelled = Nothing was signed. Approve again and enter the PIN on the reader.
err-pin-timed-out = The PIN was not entered on the reader in time.
rec-pin-timed-out = Nothing was signed. Approve again and enter the PIN on the reader when it asks for it.
err-pin-not-sent-again = The token refused the configured PIN before, so it was not sent again.
rec-pin-not-sent-again = Nothing was signed and no try was spent. Put the right PIN where the configuration or --pin-source says, or answer the question yourself. Where that is no file (env:, a credential, the keyring), sign once yourself, or use another name: a change there cannot be seen.
err-token-absent = { $token ->
    [none] The token is not plugged in.
   *[other] The token “{ $token }” is not plugged in.
}
rec-token-absent = Plug the token in. If it is in already, take it out, wait a few seconds and plug it in again; then look at “tokensign doctor”.
err-token-removed = { $token ->
    [none] The token was pulled out during the work.
   *[other] The token “{ $token }” was pulled out during the work.
}
rec-token-removed = Plug it in again. What was signed is kept; the rest goes on after the PIN.
err-token-busy = { $token ->
    [none] Another program is using the token.
   *[other] { $holder ->
        [none] Another program is using the token “{ $token }”.
       *[other] Another program ({ $holder }) is using the token “{ $token }”.
    }
}
rec-token-busy = Close the other program that works with the token, then repeat. If you cannot find it, wait until it is done, or take the token out and plug it in again.
err-driver-missing = { $token ->
    [none] A token is plugged in, but its driver is not installed.
   *[other] A token “{ $token }” is plugged in, but its driver is not installed.
}
rec-driver-missing = { $install ->
    [none] Install the driver from the token's maker, then repeat. If it lies in an unusual place, name it with “tokensign modules add”.
   *[other] Install { $install }, then repeat. If it lies in an unusual place, name it with “tokensign modules add”.
}
err-token-cannot-sign = { $token ->
    [none] This token only keeps keys for other programs and cannot sign by itself.
   *[other] The token “{ $token }” only keeps keys for other programs and cannot sign by itself.
}
rec-token-cannot-sign = { $install ->
    [none] Use the program that put the key there, or a token that signs by itself.
   *[other] Install the program that put the key there ({ $install }), or use a token that signs by itself.
}
err-token-not-seen = { $module ->
    [none] A token is plugged in, but its driver does not see it.
   *[other] A token is plugged in, but its driver { $module } does not see it.
}
rec-token-not-seen = Take the token out, wait a few seconds and plug it in again. If that does not help, install the current version of the driver.
err-card-unknown = { $reader ->
    [none] A card is in a reader, but no driver serves it.
   *[other] A card is in the reader { $reader }, but no driver serves it.
}
rec-card-unknown = Install the driver from the card's maker and name its file with “tokensign modules add”. Many cards are served by OpenSC.
err-card-mute = { $reader ->
    [none] A card does not answer its reader.
   *[other] The card in the reader { $reader } does not answer.
}
rec-card-mute = Take the card out and put it in the right way round; clean its contacts. If it still does not answer, the card or the reader is broken.
err-key-not-found = The key of the certificate is not on the token.
rec-key-not-found = Check that this is the right token. If the key was deleted, a new certificate has to be issued.
err-token-error = { $ckr ->
    [none] The token answered with an error.
   *[other] The token answered with an error ({ $ckr }).
}
rec-token-error = Take the token out, plug it in again and repeat. If this goes on, give the error's name to the token maker's support.
err-signature-invalid = The token returned a signature that does not verify.
rec-signature-invalid = It was thrown away and nothing was sent. Repeat; if this goes on, the token or its driver is faulty.
err-timestamp-failed = { $host ->
    [none] The time stamping authority gave no valid timestamp.
   *[other] { $reason ->
        [none] The time stamping authority { $host } gave no valid timestamp.
       *[other] The time stamping authority { $host } gave no valid timestamp: { $reason }.
    }
}
rec-timestamp-failed = The signature is made and kept; no PIN is needed again. Check the connection and the address in the configuration, then say “tokensign jobs retry”.
err-module-missing = { $path ->
    [none] The token's driver (PKCS#11 module) is missing.
   *[other] The token's driver (PKCS#11 module) is missing: { $path }.
}
rec-module-missing = Install the driver from the token's maker, or correct its path in the configuration. “tokensign modules list” shows what was looked for.
err-module-unusable = { $module ->
    [none] The token's driver (PKCS#11 module) cannot be used.
   *[other] { $reason ->
        [none] The token's driver { $module } cannot be used.
       *[other] The token's driver { $module } cannot be used: { $reason }.
    }
}
rec-module-unusable = Install the driver anew for this system and its architecture. Its file must belong to you or to the administrator and be writable for nobody else.
err-module-crashed = { $module ->
    [none] The token's driver (PKCS#11 module) crashed.
   *[other] The token's driver { $module } crashed.
}
rec-module-crashed = tokensign goes on and starts the driver anew. What was signed is kept; approve the rest again. If this repeats, update the driver.
err-module-hung = { $module ->
    [none] The token's driver (PKCS#11 module) does not answer.
   *[other] The token's driver { $module } does not answer.
}
rec-module-hung = It was stopped. Take the token out, plug it in again and repeat. If this repeats, update the driver.
err-module-quarantined = { $module ->
    [none] The token's driver (PKCS#11 module) failed too often and is set aside.
   *[other] The token's driver { $module } failed too often and is set aside.
}
rec-module-quarantined = Update the driver, then take it back with “tokensign modules release”.

## iDocs and MIG24

err-profile-unknown = { $profile ->
    [none] There is no such service profile.
   *[other] There is no service profile “{ $profile }”.
}
rec-profile-unknown = Check the name. Profiles stand in the configuration as [idocs.name] and [mig24.name].
err-not-configured = { $key ->
    [none] What is asked for is not set up here.
   *[other] What is asked for is not set up here: the setting { $key } is missing.
}
rec-not-configured = Set it in the configuration, start the agent again and repeat the request.
err-service-token-missing = { $profile ->
    [none] The access key of the service is missing or cannot be read.
   *[other] The access key of the profile “{ $profile }” is missing or cannot be read.
}
rec-service-token-missing = Get the key in the service's settings and put it where the profile says. A file with it must be readable for you alone (chmod 600).
err-service-unauthorised = { $profile ->
    [none] The service does not accept the access key.
   *[other] The service does not accept the access key of the profile “{ $profile }”.
}
rec-service-unauthorised = The key has expired or was replaced. Get a new one in the service's settings, then say “tokensign jobs retry”.
err-service-billing = The service's paid plan has ended.
rec-service-billing = Pay for the plan in the service, then say “tokensign jobs retry”. Nothing has to be signed again.
err-service-wrong-environment = { $host ->
    [none] The address of the service and the access key belong to different environments.
   *[other] { $host } is not the service that the access key is for.
}
rec-service-wrong-environment = A test key works at the test address only. Compare base_url and token of the profile, then say “tokensign jobs retry”.
err-service-refused = { $reason ->
    [none] The service refused the request.
   *[other] The service refused the request: { $reason }
}
rec-service-refused = Correct in the service what it names, then start again. Nothing was submitted twice.
err-service-failed = { $service_status ->
    [none] The service failed.
   *[other] The service failed (status { $service_status }).
}
rec-service-failed = This is on the service's side. tokensign repeats what is safe to repeat; otherwise say “tokensign jobs retry” later.
err-service-unreadable = The service answered something that cannot be understood.
rec-service-unreadable = Often a proxy or a maintenance page answers instead of the service. Check its address in the profile, then say “tokensign jobs retry”.
err-service-unreachable = { $host ->
    [none] The service cannot be reached.
   *[other] The service { $host } cannot be reached.
}
rec-service-unreachable = Check the internet connection and the proxy. tokensign tries again by itself.
err-service-timeout = { $host ->
    [none] The service did not answer in time.
   *[other] The service { $host } did not answer in time.
}
rec-service-timeout = tokensign first asks the service whether the request arrived, so nothing happens twice. Wait, or say “tokensign jobs retry” later.
err-service-uncertain = It cannot be known whether the service carried the request out.
rec-service-uncertain = Look at the document in the service itself, then say what happened: on the page under “Work in hand”, or by “tokensign jobs settle” with --happened or --did-not. It is not repeated before that.
err-ticket-missing = iDocs gave no ticket that protects against sending twice.
rec-ticket-missing = Nothing was signed and the PIN was not asked for. Try again later; if this repeats, tell the support of iDocs.
err-download-foreign-host = { $host ->
    [none] The service's download link leads to a foreign address.
   *[other] The service's download link leads to a foreign address ({ $host }).
}
rec-download-foreign-host = The access key was not sent there and nothing was signed. If the address is right, add it to download_hosts of the profile.
err-signer-mismatch = { $reason ->
    [none] The certificate does not belong to the employee or the organisation that has to sign.
   *[other] The certificate does not belong to the one who has to sign: { $reason }.
}
rec-signer-mismatch = Choose the certificate of the employee who signs, issued for this organisation.
err-employee-unknown = { $reason ->
    [none] The employee who signs cannot be told from the certificate.
   *[other] The employee who signs cannot be told from the certificate: { $reason }.
}
rec-employee-unknown = Check in the service that the employee has the same IIN as the certificate, or name the employee in the request.
err-content-changed = The document changed after you had seen it.
rec-content-changed = Nothing was sent. Start again, look at the new version and decide anew.
err-prepare-unusable = { $reason ->
    [none] The list of checksums from MIG24 cannot be used.
   *[other] The list of checksums from MIG24 cannot be used: { $reason }.
}
rec-prepare-unusable = Nothing was signed. Check that the documents are in the package group, then start again; if this repeats, tell the support of MIG24.

## The agent

err-config-invalid = { $path ->
    [none] { $reason ->
        [none] The configuration is wrong.
       *[other] The configuration is wrong: { $reason }
    }
   *[other] { $reason ->
        [none] The configuration file { $path } is wrong.
       *[other] The configuration file { $path } is wrong: { $reason }
    }
}
rec-config-invalid = Correct the place named and start again.
err-store-failed = { $path ->
    [none] tokensign cannot read or write its database.
   *[other] tokensign cannot read or write its database in { $path }.
}
rec-store-failed = Check that the disk has room and that the directory belongs to you. “tokensign doctor” looks closer.
err-store-damaged = The database of tokensign is damaged. It was not changed.
rec-store-damaged = Do not start tokensign again before you have copied its state directory. Then bring the directory back from a backup, or move it away: tokensign starts anew, and what was waiting must be asked for again. Check the disk.
err-store-newer = The database was written by a newer version of tokensign.
rec-store-newer = Install that version or a newer one. The database was left as it is.
err-audit-broken = The record of what was decided and signed was changed from outside{ $entry ->
    [none] .
   *[other] : entry { $entry } does not fit.
}
rec-audit-broken = Keep a copy of the database as it is, and compare it with a backup and with the checkpoints in the system's journal.
err-agent-running = tokensign is running already.
rec-agent-running = Use the running agent; “tokensign status” finds it. Two agents cannot share one database.
err-agent-unreachable = tokensign does not run, or does not answer.
rec-agent-unreachable = Start it with “tokensign serve”, then repeat.
err-port-taken = { $port ->
    [none] The port is used by another program.
   *[other] The port { $port } is used by another program.
}
rec-port-taken = Choose another port with --listen, or leave it out: tokensign then finds a free one.
err-disk-full = There is no room left on the disk.
rec-disk-full = Free some room, then say “tokensign jobs retry”. What was signed is kept.
err-verification-failed = { $reason ->
    [none] The signature does not verify.
   *[other] The signature does not verify: { $reason }.
}
rec-verification-failed = The document or the signature was changed, or they do not belong together. Get both from the sender again.
err-internal = Something happened in tokensign that should not.
rec-internal = Nothing was sent twice. Repeat; if it happens again, send the log of the agent to its developers. It holds no PIN and no documents.

## Questions, on the page and in the terminal

ui-product = tokensign
ui-page-title = Approvals
ui-question-sign = { $count ->
    [one] Sign a document?
   *[other] Sign { $count } documents?
}
ui-question-remote = { $count ->
    [one] Have the service sign a document?
   *[other] Have the service sign { $count } documents?
}
ui-question-authenticate = Log in with your certificate?
ui-question-choose = Which certificate is to be used?
ui-question-pair = Connect this program?
ui-action = What is asked
ui-action-sign = An electronic signature
ui-action-authenticate = Logging in (this is not the signature of a document)
ui-who = Who asks
ui-caller-owner = You, on the command line
ui-caller-verified = confirmed by the system
ui-caller-unverified = as it names itself
ui-origin = Site
ui-process = Process
ui-documents = Documents
ui-documents-count = { $count ->
    [one] { $count } document
   *[other] { $count } documents
}
ui-document = Document
ui-reference = Number in the program
ui-size = Size
ui-size-bytes = { $count ->
    [one] { $count } byte
   *[other] { $count } bytes
}
ui-size-kb = { $size } KB
ui-size-mb = { $size } MB
ui-size-gb = { $size } GB
ui-media-type = Type
ui-digest = Checksum
ui-digest-unseen = The content cannot be shown: the program sent only the checksum of the document
ui-expires-soon = { $count ->
    [one] expires in { $count } day, renew it in time
   *[other] expires in { $count } days, renew it in time
}
ui-kind-bare-content = Signed without signed attributes: neither the time nor the certificate will stand in what is signed
ui-kind-foreign-attributes = You sign attributes that the service built around this document; tokensign has checked that they name the document and your certificate
ui-kind-foreign-attributes-digest = You sign a checksum that the service made of attributes it built; tokensign cannot see which document they are about
ui-entries = Inside
ui-search = Search
ui-show-all = Show all
ui-copy = Copy
ui-copied = Copied
ui-certificate = Certificate
ui-certificate-change = Another certificate
ui-common-name = Issued to
ui-organisation = Organisation
ui-iin = IIN
ui-bin = BIN
ui-inn = INN
ui-inn-le = INN of the organisation
ui-ogrn = OGRN
ui-snils = SNILS
ui-issuer = Issued by
ui-serial = Number
ui-valid-from = Valid from
ui-valid-until = Valid until
ui-key-type = Key
ui-fingerprint = Fingerprint
ui-token = Token
ui-purpose = Purpose
ui-purpose-signature = signature
ui-purpose-authentication = login
ui-purpose-encryption = encryption
ui-usable = Usable
ui-yes = yes
ui-no = no
ui-destination = Where it goes
ui-destination-none = The signature goes back to the program that asks
ui-service-idocs = iDocs
ui-service-mig24 = EDO.MIG24
ui-profile = Profile
ui-host = Address
ui-counterparty = Counterparty
ui-effect = What happens then
ui-effect-idocs-send = The document is created in iDocs, signed and sent to the counterparty
ui-effect-idocs-sign = The signature is saved in iDocs and the document goes on along its route
ui-effect-mig24-send = The package group is created in EDO.MIG24, signed and sent to the recipient
ui-effect-mig24-sign = The signatures are handed over and the package group is sent
ui-effect-mig24-remote = EDO.MIG24 signs the package group itself and sends it to the recipient. Your token is not used
ui-effect-mig24-link = EDO.MIG24 sends the employee a link; what the employee signs there goes to the recipient. Your token is not used
ui-irreversible = This cannot be undone.
ui-power-of-attorney = Power of attorney
ui-signer = Signed by
ui-signer-employee-certificate = with this employee's certificate, which the service keeps
ui-signer-employee-link = the employee is sent a link and signs there
ui-signer-container = with the key container of this name, which the service keeps
ui-kpp = KPP
ui-comment = Comment
ui-container = Container
ui-operator = Operator
ui-abonent = Subscriber code
ui-signature-file = Signature file
ui-reading = Read as
ui-agrees-with-file = Agrees with the file
ui-queue-off = This profile has no queues: set [mig24.name.queue] to consume them.
ui-queue-connecting = The queues are not connected; trying again and again.
ui-queue-connected = The queues are connected.
ui-topic-counterparties = counterparties
ui-topic-packages = packages
ui-topic-visualisation = pictures
ui-topic-unknown = unknown queue
ui-event-set-aside = set aside: { $reason }
ui-pin = PIN of the token
ui-pin-enter = Enter the PIN of the token
ui-pinpad = Enter the PIN on the reader
ui-pin-not-needed = No PIN is needed
ui-pin-low = At least one wrong PIN has been entered. Be careful.
ui-pin-final-try = This is the last try. If the PIN is wrong, the token locks.
ui-pin-confirm-last-try = I am sure of the PIN and use the last try
ui-pin-locked = The PIN is locked
ui-tries-left = { $count ->
    [one] { $count } try is left
   *[other] { $count } tries are left
}
ui-approve = Approve
ui-refuse = Refuse
ui-disconnect = Disconnect this program
ui-disconnect-question = All that “{ $name }” still waits for is cancelled, and it can ask for nothing more until you connect it anew.
ui-disconnect-yes = Refuse and disconnect
ui-disconnected-program = The connection has ended
ui-choose = Choose
ui-deadline = Answer before
ui-time-left = { $count ->
    [one] { $count } second is left
   *[other] { $count } seconds are left
}
ui-minutes-left = { $count ->
    [one] { $count } minute is left
   *[other] { $count } minutes are left
}
ui-pair-compare = Connect only if the program shows the same six digits
ui-pair-code = Digits
ui-permissions = It will be allowed
ui-permission-sign = to ask you for signatures
ui-permission-authenticate = to ask you to log in
ui-permission-certificates = to see your tokens and certificates
ui-permission-verify = to verify signatures
ui-permission-raw-hash = to ask for signatures of documents that tokensign does not see
ui-permission-questions = to have up to { $count } questions before you at once
ui-permission-service-read = to read in { $service } (profile { $profile })
ui-permission-service-draft = to prepare documents in { $service } (profile { $profile })
ui-permission-service-submit = to send signed documents to { $service } (profile { $profile }), each with your approval
ui-permission-service-delete = to delete documents in { $service } (profile { $profile })
ui-permission-service-counterparties = to read counterparties and invitations in { $service } (profile { $profile })
ui-any-profile = any
ui-state = State
ui-state-waiting = waits for you
ui-state-working = at work
ui-state-closed = closed
ui-state-running = at work
ui-state-finished = finished
ui-state-failed = failed
ui-state-refused = refused
ui-state-cancelled = cancelled
ui-state-stopped = stopped, look at it
ui-state-signed = signed
ui-state-uncertain = outcome unknown
ui-state-routed = has its route
ui-waiting-for-person = waits for your decision
ui-no-prompter = waits, but there is nowhere to ask: open the page or a terminal
ui-waiting-for-token = waits for the token
ui-waiting-for-token-named = waits for the token “{ $token }” to be plugged in
ui-waiting-for-service = waits for the service; asks again at { $time }
ui-waiting-to-retry = tries again at { $time }
ui-token-present = plugged in
ui-token-locked = PIN locked
ui-token-absent = not plugged in
ui-questions-none = Nothing waits for you. This page shows every request as it comes.
ui-questions-count = { $count ->
    [one] { $count } request waits for you
   *[other] { $count } requests wait for you
}
ui-working = The token signs. Do not pull it out.
ui-done = Done
ui-signed = { $count ->
    [one] { $count } document is signed
   *[other] { $count } documents are signed
}
ui-refused = Refused. Nothing was signed.
ui-closed-elsewhere = This request was answered elsewhere, or is no longer needed.
ui-connected = Connected to tokensign
ui-disconnected = The connection to tokensign is lost. It is made anew by itself.
ui-session-ended = This page's session has ended.
ui-notification = A request waits for your decision.
ui-notification-open = Show
ui-enter-title = This page opens by a one-time link
ui-enter-advice = Type in a terminal of this computer:
ui-enter-command = tokensign open
ui-link-used = This link was used already, or is older than a minute.
ui-tokens = Tokens
ui-tokens-none = No token is plugged in
ui-certificates = Certificates
ui-certificates-none = There are no certificates
ui-applications = Connected programs
ui-applications-none = No program is connected
ui-revoke = End the connection
ui-rename = Rename
ui-new-name = New name
ui-save = Save
ui-cancel = Cancel
ui-jobs = Work in hand
ui-jobs-none = There is nothing
ui-lock = Lock
ui-locked = Locked. Every remembered permission has ended.
ui-grant-documents-any = any document that tokensign sees
ui-grant-documents-digest = digests whose documents tokensign does not see
ui-grant-signatures = Signatures
ui-grant-uses = { $used } of { $most } used
ui-grant-until = Until
ui-language = Language
ui-details = Details
ui-error = Error
ui-what-to-do = What to do
ui-last-used = Last used
ui-connected-by = Connected by
ui-connected-by-administrator = the administrator
ui-executable = Program file
ui-created = Created
ui-time = Time
ui-id = Identifier
ui-name = Name
ui-kind = Kind
ui-kind-signature = signature
ui-kind-idocs-quick-sign = signing in iDocs
ui-kind-mig24-package-group = signing in EDO.MIG24
ui-kind-mig24-remote-signature = signature made by EDO.MIG24
ui-kind-idocs-send = sending in iDocs
ui-kind-idocs-bulk-sign = signing many documents in iDocs
ui-kind-idocs-bulk-send = sending many files in iDocs
ui-kind-idocs-draft = making a draft in iDocs
ui-kind-idocs-route = making routes in iDocs
ui-kind-idocs-download = fetching documents from iDocs
ui-kind-mig24-removal = removing in EDO.MIG24
ui-kind-mig24-send = sending in EDO.MIG24
ui-steps = Steps
ui-attempts = Attempts
ui-step-open = begun
ui-step-done = done
ui-step-failed = failed
ui-step-uncertain = outcome unknown
ui-reader-empty = empty
ui-reader-served = served
ui-reader-held = held by another program
ui-reader-mute = does not answer
ui-reader-unavailable = cannot be used
ui-reader-cannot-sign = cannot sign by itself
ui-reader-driver-missing = driver missing
ui-reader-not-seen = not seen by its driver
ui-reader-unknown = unknown card
ui-reader = Reader
ui-origin-configured = in the configuration
ui-origin-added = added
ui-origin-profile = found
ui-origin-p11-kit = by p11-kit
ui-module-ok = works
ui-module-idle = not asked yet
ui-module-missing = missing
ui-module-unsafe = may not be trusted
ui-module-failed = failed
ui-module-crashed = crashed
ui-module-quarantined = set aside
ui-pin-state-low = a wrong PIN was entered
ui-pin-state-final-try = one try left
ui-pin-state-locked = PIN locked
ui-pin-state-not-initialised = PIN never set
ui-pin-state-to-be-changed = PIN to be changed
ui-pin-state-pinpad = PIN on the reader

# The page: documents in place, remembering, looking after things
ui-close = Close
ui-preview-show = Show the content
ui-preview-title = The content of “{ $name }”
ui-preview-content = The content
ui-preview-loading = The document is being drawn …
ui-preview-page = Page { $page } of { $pages }
ui-preview-previous = Previous page
ui-preview-next = Next page
ui-preview-save = Save a copy
ui-preview-entries = { $count ->
    [one] { $count } file in the archive
   *[other] { $count } files in the archive
}
ui-preview-encrypted = password
ui-preview-truncated = Only the beginning is shown.
ui-preview-encoding = Read in the encoding { $encoding }.
ui-documents-unseen = { $count ->
    [one] content of { $count } cannot be shown
   *[other] contents of { $count } cannot be shown
}
ui-documents-found = { $count ->
    [one] { $count } document found
   *[other] { $count } documents found
}
ui-documents-search = Search in the names of the documents
ui-certificates-count = { $count ->
    [one] { $count } certificate fits
   *[other] { $count } certificates fit
}
ui-certificates-found = { $count ->
    [one] { $count } certificate found
   *[other] { $count } certificates found
}
ui-certificates-none-found = No certificate fits what you search for
ui-certificates-search = Search in holders, organisations and numbers
ui-certificate-chosen = Chosen
ui-dialog = A dialog on your screen asks the same. Answer there or here.
ui-dialog-pin = A dialog on your screen asks the same. Enter the PIN there or here.
ui-progress = { $done } of { $all } signed
ui-reversible = This can be undone at the service.
ui-process-parents = Started by
ui-days-left = { $count ->
    [one] { $count } day is left
   *[other] { $count } days are left
}
ui-remember = Let “{ $name }” sign without asking for a while
ui-remember-uses = How many signatures
ui-remember-time = For how long
ui-remember-ends = With this certificate only. It ends at once when the token is pulled out, the screen locks or the computer sleeps, and whenever you press “Lock”.
ui-remember-any = Any documents that tokensign sees, not only these
ui-remember-documents-digest = Documents that tokensign does not see, by their checksums
ui-remember-documents-any = Any documents that tokensign sees
ui-remember-documents-type = Documents of the type { $type }
ui-hours = { $count ->
    [one] { $count } hour
   *[other] { $count } hours
}
ui-minutes = { $count ->
    [one] { $count } minute
   *[other] { $count } minutes
}
ui-seconds = { $count ->
    [one] { $count } second
   *[other] { $count } seconds
}
ui-grants = Remembered permissions
ui-grants-none = Nothing is remembered: every signature needs your approval
ui-grant-left = { $count ->
    [one] { $count } signature left
   *[other] { $count } signatures left
}
ui-grant-end = End the permission
ui-job-retry = Try again
ui-job-cancel = Cancel
ui-job-steps = { $count ->
    [one] { $count } step
   *[other] { $count } steps
}
ui-job-attempts = { $count ->
    [one] { $count } attempt
   *[other] { $count } attempts
}
ui-job-settle = Say what happened
ui-job-settle-question = What became of the step?
ui-job-settle-advice = Look at the document in the service itself first. What you say is written down and cannot be taken back.
ui-job-settle-step = Step
ui-job-settle-yes = Say so
ui-job-happened = It happened: the step counts as done
ui-job-did-not = It did not happen: the step is begun again
ui-job-result = Id that the service gave, where the step made something
ui-job-cancel-question = Cancel this work? Nothing more is sent, and it cannot be taken up again.
ui-job-cancel-yes = Yes, cancel it
ui-job-remove-left = Remove what is left
ui-job-remove-question = Remove it at the service? It cannot be brought back.
ui-job-remove-yes = Yes, remove it
ui-job-leave = Leave it as it is
ui-left-behind = Left at the service
ui-left-sent = sent
ui-left-not-sent = not sent
ui-left-may-be-sent = it cannot be known whether it was sent
ui-pair-refused = Refused. The program is not connected.
ui-paired = The program is connected
ui-logged-in = The login is confirmed
ui-lock-hint = Ends every remembered permission and every login to a token
ui-module-release = Try again
ui-token-not-initialised = PIN never set

## The command line

cli-choose-prompt = Number of the certificate (empty: refuse):
cli-approve-prompt = Approve? Type “yes” to approve, “no” to refuse:
cli-pin-prompt = PIN (not shown; empty: refuse):
cli-yes = yes
cli-no = no
cli-last-try-prompt = Type “yes” to use the last try, anything else to refuse:
cli-answer-unclear = Please type “yes” or “no”.
cli-number-unclear = { $count ->
    [one] Please type 1.
   *[other] Please type a number from 1 to { $count }.
}
cli-watching = Waiting for requests. Ctrl-C ends this.
cli-token-plugged = Plugged in: { $token } ({ $serial }), { $reader }
cli-token-pulled = Pulled out: { $token } ({ $serial })
cli-token-changed = Changed: { $token } ({ $serial })
cli-reader-trouble = Reader { $reader }: { $problem }
cli-written = Written: { $path }
cli-exists = { $path } exists already; --force overwrites it
cli-overwrite-prompt = { $path } exists already. Type “yes” to overwrite it:
cli-dry-run = This is what would be done. Nothing was sent and nothing was signed.
cli-call = Call
cli-total = In all: { $count }
cli-number = Number
cli-date = Date
cli-position = Position
cli-email = E-mail
cli-link = Open this link within { $count ->
    [one] { $count } second
   *[other] { $count } seconds
}; it works once:
cli-listening = tokensign is ready: { $address }
cli-verdict-valid = The signature is valid
cli-verdict-invalid = The signature is not valid
cli-verdict-unknown = It cannot be said whether the signature is valid
cli-verdict-valid-signer = valid
cli-verdict-invalid-signer = not valid
cli-verdict-unknown-signer = unknown
reason-content-missing = The signed document was not given
reason-content-digest-mismatch = The document was changed after it was signed, or it is another one
reason-content-type-mismatch = The signature was made for content of another kind
reason-certificate-missing = The signer's certificate is not in the signature
reason-certificate-hash-mismatch = The signature names another certificate than the one it carries
reason-algorithm-unsupported = The signature's algorithm or key size is not supported
reason-algorithm-mismatch = The signature's algorithm does not fit the certificate's key
reason-key-parameters = The signature's digest or salt is not what the certificate's key demands
reason-signature-mismatch = The signature was not made with the key of this certificate, or it was changed
reason-signature-layout = The signature is right, but its bytes stand in an order that other programs refuse
reason-content-needed-whole = Such a signature can be checked only with the whole document inside
reason-issuer-unknown = The authority that issued the certificate is not known here
reason-root-untrusted = The certificate leads to a root that is not among the trusted ones
reason-certificate-signature = A certificate in the chain was not signed by its issuer
reason-issuer-not-authority = A certificate in the chain was issued by somebody who may not issue certificates
reason-certificate-expired = A certificate had expired when the signature was made
reason-certificate-not-yet-valid = A certificate was not yet valid when the signature was made
reason-critical-extension = A certificate carries a mandatory rule that is not supported
reason-certificate-revoked = A certificate was revoked before the signature was made
reason-revocation-unknown = It could not be found out whether a certificate was revoked
reason-timestamp-malformed = The timestamp cannot be read
reason-timestamp-imprint = The timestamp was made for another signature
reason-timestamp-signer = The timestamp was not made by a time stamping authority
cli-timestamps = Timestamps
cli-timestamp-valid = valid
cli-timestamp-invalid = not valid
cli-timestamp-unknown = its authority is not trusted
cli-timestamped = { $count ->
    [one] { $count } timestamp was added
   *[other] { $count } timestamps were added
}
cli-signing-time = Time by the signer's clock
cli-algorithm = Algorithm
cli-started = Started
cli-waiting-elsewhere = Waiting for the answer given elsewhere
cli-revoked = The connection has ended
cli-grant-ended = The permission has ended
cli-uploading = Sending
cli-signing = Signing
cli-address = Address
cli-version = Version
cli-prompters = Questions are shown at
cli-uptime = Running for
cli-unattended = Used WITHOUT A PERSON
cli-module = Driver
cli-origin = Named
cli-module-added = Added: { $path } ({ $description })
cli-module-removed = Removed: { $path }
cli-model = Model
cli-permissions = Permissions
cli-never = never
cli-manufacturer = Maker
cli-outcome = Outcome
cli-next = You can
cli-jobs-more = Older ones: tokensign jobs list --before { $id }
cli-evidence-files = Signatures and the documents they were made of. A document is here only as long as the profile keeps it; the digest in a signature proves any other copy of it.
cli-evidence-check = Check a signature with the certificates of its certification authority in CA.pem (for GOST keys OpenSSL needs its GOST engine):
cli-evidence-audit = job.json holds the job with every step and the ids at the service; audit.json its entries of the audit log, each with the hash of the chain up to it. “tokensign audit verify” checks the whole chain.
cli-not-running = The agent does not run; it is started when it is needed.
cli-audit-intact = { $count ->
    [one] The record is intact: { $count } entry.
   *[other] The record is intact: { $count } entries.
}
cli-check-ok = good
cli-check-problem = problem
cli-doctor-directories = Directories
cli-doctor-agent = Agent
cli-doctor-reader-service = Reader service
cli-doctor-tokens = Tokens
cli-doctor-desktop = Desktop
cli-reader-service-ok = the PC/SC service answers
cli-reader-service-absent = the PC/SC service (pcscd) does not run: tokens in smart card readers are not seen
cli-reader-service-hangs = the PC/SC service (pcscd) does not answer: restart it
cli-reader-service-failed = the PC/SC service (pcscd) answers with an error: restart it
cli-agent-runs = running
cli-agent-startable = not running, can be started
cli-no-known-family = no known family
cli-no-desktop = no desktop session: questions are answered with tokensign approve

## Why: reasons as they are written in English where they arise (messages/reasons.rs). They are put in where an error has { $reason }, without a full stop.

why-missing = is missing
why-empty = is empty
why-given-twice = comes more than once
why-names-twice = names a document twice
why-comes-twice = { $item } comes twice
why-unknown-field = is not a field of this request
why-wrong-value = has a wrong value
why-expected = expected { $what }
why-expected-text = expected a string
why-expected-whole-number = expected a whole number
why-expected-yes-or-no = expected a boolean
why-expected-list = expected a list
why-expected-object = expected an object
why-not-readable = cannot be read: { $error }
why-not-json = { $file } is not JSON: { $error }
why-no-json-object = does not hold a JSON object
why-not-base64 = is not base64
why-not-pem = { $file } is not PEM
why-not-absolute = { $path } is not an absolute path
why-one-of = must be one of { $values }
why-range = is 1 to { $most }
why-entries = has 1 to { $most } entries
why-too-many = are more than { $most }
why-characters = must have 1 to { $most } characters
why-at-most-characters = has at most { $most } characters
why-visible-characters = has 1 to { $most } visible ASCII characters
why-file-bytes = must have 1 to { $most } bytes
why-bytes = is longer than { $most } bytes
why-twelve-digits = must be 12 digits
why-ten-or-twelve-digits = must be 10 or 12 digits
why-no-email = { $text } is no e-mail address
why-https-address = must be an https address
why-one-is-enough = comes with { $other }; one of them is enough
why-does-not-go-with = does not go with { $other }
why-exactly-one-of = exactly one of { $first } and { $second } is needed
why-request-part-missing = is missing: the part with the JSON
why-file-missing = is missing: a document needs at least one file
why-part-once = is the name of a part, once
why-part-absent = names a part that did not come
why-part-unnamed = is a part that the request does not name
why-no-such-part = no file came as { $part }, or it is used twice
why-file-unclaimed = the file { $part } belongs to no document
why-guid-in-one-place = is a GUID and stands in one place
why-fixed-by-path = stands in the path and does not change
why-not-in-list = names no job of this list
why-unknown-prompter = is not a prompter of this caller
why-uri-without-module-path = the PKCS#11 URI names no module: add ?module-path=…
why-uri-without-module = the PKCS#11 URI names no module: add ?module-path=… or ?module-name=…
why-content-or-digest = is missing, and there is no digest
why-content-to-attach = is missing: it is to go into the signature
why-document-without-content = { $document } comes without its content
why-document-unknown = { $document } has neither content nor digest
why-signed-attributes = { $document } is a set of signed attributes, not a document
why-add-to-detached = and detached = false exclude each other: whether the content is inside, the existing signature says
why-add-to-needs-content = needs the document's content, which the existing signature is held against
why-signer-without-attributes = holds a signer without signed attributes; another signer would not be told from it
why-not-over-document = is not over a document but over content of another type
why-does-not-hold = does not hold: { $verdict }
why-signer-certificate-missing = does not hold the signer's certificate
why-has-every-timestamp = has a timestamp for every signer already
why-challenge-content = a login challenge comes with its content
why-challenge-size = a login challenge has at most 16 KiB
why-one-challenge = authentication takes one challenge at a time
why-unknown-digest = unknown digest algorithm; the agent knows sha256, sha384, sha512, streebog256 and streebog512
why-digest-encoding = the digest's value is neither hexadecimal nor base64
why-fingerprint-shape = a fingerprint is 64 hexadecimal digits (SHA-256 of the certificate), with or without colons
why-chosen-fingerprint = names the chosen certificate's fingerprint
why-no-candidate = is not one of the candidates
why-unfit-decision = does not fit this question
why-for-a-person = is for a person to decide
why-not-offered = is not offered for this question
why-unseen-contents = is not for contents that the agent does not see
why-route-kind = does not go with this kind of route
why-station-needed = a route needs at least one station
why-documents-or-inbox = is missing: the documents, or inbox
why-same-number-and-name = two documents have the same number and name
why-mandate-of-container = goes with a container; an employee's own stands in the employee record
why-organisation-needed = is needed here or in the profile: the service lists employees by organisation
why-step-needed = is needed: several steps are in doubt
why-result-needed = is needed: what the step { $step } brought about
why-job-not-closed = the job is not closed
why-left-nothing = the job left nothing
why-was-there-before = it was there before the job
why-may-have-been-sent = it may have been sent
why-may-be-signed = it may be signed
why-service-has-no-call = the service has no call for it
why-certificate-without-numbers = the certificate names neither a BIN nor an IIN
why-certificate-without-iin = the certificate names no IIN
why-iin-differs = the certificate's IIN is { $found }, the employee's is { $expected }
why-no-employee = the organisation has no employee { $employee }
why-no-employee-with-iin = no employee has the certificate's IIN { $iin }
why-several-employees-with-iin = several employees have the certificate's IIN { $iin }
why-partly-failed = { $failed } of { $all } documents failed; each says why
why-service-failed-at-it = the service failed while it worked on it
why-document-unseen = the service does not give { $document }, and nothing is signed unseen
why-list-empty = the list of hashes is missing or empty
why-list-too-deep = the list of hashes lies too deep
why-no-list = the answer holds no list of hashes
why-item-without-id = it has no id although others have one
why-item-twice = it comes twice
why-item-unreadable = it is neither an object nor a hash
why-item-id = it is no id
why-item-without-hash = it has no hash
why-item-algorithm = its algorithm { $algorithm } does not go with the certificate's key
why-item-other-hash = its hash is not that of its file
why-item-hash-unclear = its file cannot be had, so what the hash is cannot be told; set hash_kind in the profile
why-item-attributes-unchecked = its file cannot be had, so the signed attributes cannot be checked
why-item-attributes = its signed attributes: { $error }
why-item-hash-encoding = its hash is neither base64 nor hexadecimal
why-item-no-attributes = it is no DER SET of signed attributes
why-no-file-fits = no file fits the pattern
why-not-among-files = { $file } is not among the files
why-file-exists = { $file } exists already, --force overwrites it
why-directory-needed = is a directory that exists
why-directory-for-several = for several files it is a directory that exists
why-stdout-takes-one = stdout takes one signature
why-stdin-without-place = is needed: what comes on stdin has no place of its own
why-same-names = two signatures would have the same name
why-single-file = goes with a single file
why-signature-over-one-file = is a signature over one file
why-act-shape = is ID:ACTION, with sign, approve, inform or reject
why-number-pattern = must contain {"{n}"} or {"{name}"} for several files, so that each document has a number of its own
why-several-profiles = there are several, name one of: { $names }
why-profiles-known = known profiles: { $names }
why-no-profiles = the configuration has no [{ $service }.…] profile
why-detached-without-agent = --detach leaves the work to the running agent, and none runs
why-events-without-agent = events are taken by the running agent, and none runs
why-agent-ended = the agent has ended
why-no-loopback = the agent does not listen on loopback TCP, where a browser could reach it
why-no-terminal = this process has no terminal to ask at: { $error }
why-pinentry-missing = pinentry is not installed (Debian: apt-get install pinentry-gtk2 or pinentry-curses)
why-no-home = this user has no home directory: set HOME or XDG_STATE_HOME, or agent.state_dir in the configuration
why-not-there = No such file or directory (os error 2)
why-not-permitted = Permission denied (os error 13)
why-is-directory = Is a directory (os error 21)
why-no-directory = Not a directory (os error 20)
why-variable-unset = the environment variable { $name } is not set
why-variable-encoding = the environment variable { $name } is not UTF-8
why-secret-unreadable = the file { $place } cannot be read: { $error }
why-secret-open = { $place } is open to other users: chmod { $mode } { $path }
why-secret-encoding = the file { $place } is not UTF-8
why-secret-empty = { $place } is empty
why-secret-lines = { $place } holds more than one line, or control characters
why-secret-long = { $place } is longer than { $most } bytes
why-keyring = the keyring cannot be read: { $error }
why-credential-name = { $name } is not the name of a systemd credential
why-credentials-directory = CREDENTIALS_DIRECTORY is not set: the agent was not started by systemd with LoadCredential=
why-at-line = line { $line }: { $error }
why-setting = { $key }: { $error }
why-setting-relative = { $key } = { $path } is not an absolute path
why-setting-zero = { $key } is 0, at least 1 is needed
why-setting-language = { $key } = { $value } is not a language of the texts: they exist in en, kk and ru
why-setting-reachable = { $key } = { $address } is reachable from outside, only 127.0.0.1 or [::1] is allowed
why-setting-one-of = { $key } = { $value } is none of { $known }
why-setting-fingerprint = { $key } is not 64 hexadecimal digits (SHA-256)
why-setting-fingerprint-uri = { $key } is a PKCS#11 URI: another certificate may lie there tomorrow, so give its SHA-256 (tokensign certs)
why-setting-unattended-only = { $key } counts only with unattended = true
why-setting-origin-or-executable = { $key } names either origin or executable: what the token is bound to
why-setting-name = { $key } = { $value } takes latin letters, digits, - and _
why-profile-name = { $key } is no name for a profile: it takes latin letters, digits, - and _
why-setting-address = { $key } is not an address: { $error }
why-setting-https = { $key } must begin with https://, the access key goes there
why-setting-no-http = { $key } begins with neither http:// nor https://
why-setting-no-host = { $key } names no host
why-setting-url-extras = { $key } has a user, a query or a fragment
why-setting-most = { $key } is more than { $most }
why-setting-seconds = { $key } is not between 0 and { $most } seconds
why-setting-no-certificate = { $key } holds no certificate
why-setting-secret = { $key } needs a secret for its path
why-setting-timestamp-url = { $key } is needed for signatures with a timestamp (cades-t)
why-key-locked = { $key } may not be changed here, { $file } locks it; remove it
why-modules-locked = the system locks `modules`: ask the administrator
why-lock-elsewhere = only files in { $directory } can lock keys
why-applications-elsewhere = only files in { $directory } pair applications; remove [[applications]]
why-is-given-twice = is given twice
why-given-more-than-once = { $item } comes more than once
why-no-email-alone = is no e-mail address
why-disk-is-full = No space left on device (os error 28)
why-read-only = Read-only file system (os error 30)
why-file-not-readable = { $file } cannot be read: { $error }
why-organisation-bin = the certificate's BIN is { $found }, the organisation's BIN is { $expected }
why-organisation-iin = the certificate's IIN is { $found }, the organisation's BIN is { $expected }
why-send-file-part = is missing: the part with the file
why-event-without-document = is missing: the event names no document
why-no-content-to-attach = { $document } has no content to attach
why-one-to = must be 1 to { $most }
why-has-characters = has 1 to { $most } characters
why-too-many-files = are more than { $most } files
why-one-of-languages = is one of ru, kk and en
why-no-cms = this is no CMS signature: { $error }
why-no-encoding = the data is neither DER nor PEM nor base64
why-unknown-field-of = unknown field `{ $key }`, expected one of { $known }
