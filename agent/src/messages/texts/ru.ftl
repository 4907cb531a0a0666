# Русские тексты. `err-<код>` говорит, что случилось, `rec-<код>` — что делать. Читает бухгалтер, а не программист.
# Аргумента может не быть: тогда его значение `none`, поэтому каждый стоит только внутри варианта, выбранного им самим.

## Сам запрос

err-malformed-json = Программа прислала запрос, который не читается как JSON.
rec-malformed-json = Сообщите разработчику программы, которая его прислала. Ничего не подписано.
err-invalid-field = { $field ->
    [none] Значение в запросе отсутствует или неверно.
   *[other] { $reason ->
        [none] Значение «{ $field }» в запросе отсутствует или неверно.
       *[other] Значение «{ $field }» в запросе неверно: { $reason }.
    }
}
rec-invalid-field = Исправьте значение и отправьте запрос снова. Ничего не подписано.
err-invalid-selector = { $mistake ->
    [none] Непонятно, какой сертификат имеется в виду.
    [unrecognised] Это не выбирает никакой сертификат.
    [unknown-filter] Условия { $name } нет.
    [not-12-digits] Значение { $name } — 12 цифр.
    [not-10-or-12-digits] Значение { $name } — 10 или 12 цифр.
    [not-13-or-15-digits] Значение { $name } — 13 или 15 цифр.
    [not-11-digits] Значение { $name } — 11 цифр.
    [no-token] Значение { $name } — метка или серийный номер токена.
    [no-text] Значение { $name } — текст, который содержится в имени.
    [no-key-usage] Значение { $name } — идентификатор объекта или название, например emailProtection или clientAuth.
    [not-hexadecimal] Значение { $name } — серийный номер сертификата в шестнадцатеричном виде.
    [no-instant] Значение { $name } — дата, например 2026-01-31, или момент по RFC 3339.
    [uri-scheme] Адрес PKCS#11 начинается с «pkcs11:».
    [uri-pin] Адрес PKCS#11 не должен содержать { $name }: введите PIN, когда его спросят, или настройте источник PIN для сертификата.
    [uri-no-value] У атрибута адреса PKCS#11 нет значения; пишите имя=значение через «;».
    [uri-slot] Номера слотов меняются: назовите токен через token= или serial= вместо { $name }.
    [uri-unknown] Атрибут { $name } адреса PKCS#11 не поддерживается.
    [uri-duplicate] В адресе PKCS#11 атрибут { $name } указан больше одного раза.
    [uri-encoding] Значение { $name } в адресе PKCS#11 неверно закодировано знаками процента.
    [uri-type] Атрибут «type» адреса PKCS#11 — один из cert, private, public, secret-key, data.
   *[other] { $name ->
        [none] Непонятно, какой сертификат имеется в виду.
       *[other] Непонятно, какой сертификат имеется в виду ({ $name }).
    }
}
rec-invalid-selector = Укажите сертификат началом отпечатка, адресом PKCS#11 (pkcs11:…) или условиями вида iin=…,bin=…. Список сертификатов покажет «tokensign certs».
err-digest-mismatch = { $document ->
    [none] Документ не совпадает с контрольной суммой, присланной вместе с ним.
   *[other] Документ «{ $document }» не совпадает с контрольной суммой, присланной вместе с ним.
}
rec-digest-mismatch = Документ изменён или повреждён по дороге. Возьмите его из источника заново. Ничего не подписано.
err-digest-length = { $document ->
    [none] Контрольная сумма в запросе имеет неверную длину.
   *[other] Контрольная сумма документа «{ $document }» имеет неверную длину.
}
rec-digest-length = Программа или сервис посчитали контрольную сумму не тем алгоритмом, который назвали. Сообщите её разработчику. Ничего не подписано.
err-not-found = Такого адреса в tokensign нет.
rec-not-found = Проверьте адрес или сверьте версию программы со списком вызовов на странице /docs.
err-no-such-item = { $item ->
    [none] Такой записи нет, или она принадлежит другой программе.
    [at_service] В сервисе нет ничего с таким идентификатором.
   *[other] Записи «{ $item }» нет, или она принадлежит другой программе.
}
rec-no-such-item = { $item ->
    [at_service] Проверьте идентификатор в сервисе и то, что профиль относится к нужной организации.
   *[other] Проверьте номер. Список заданий покажет «tokensign jobs list».
}
err-method-not-allowed = По этому адресу такого вызова нет.
rec-method-not-allowed = Сообщите разработчику программы: список вызовов — на странице /docs.
err-body-too-large = { $limit ->
    [none] Запрос больше, чем принимает tokensign.
   *[other] Запрос больше, чем принимает tokensign (не более { $limit } байт).
}
rec-body-too-large = Большие документы отправляют формой multipart, тогда они читаются по частям. Предел задаётся в настройках.
err-request-too-slow = Запрос приходил слишком медленно.
rec-request-too-slow = Повторите его. Если это случится снова, сообщите разработчику программы: запрос надо передавать без долгих пауз.
err-unsupported-media-type = Этот вызов не принимает запрос такого типа.
rec-unsupported-media-type = Сообщите разработчику программы: вызов принимает application/json или multipart/form-data.
err-idempotency-mismatch = С тем же ключом Idempotency-Key пришёл другой запрос.
rec-idempotency-mismatch = Сообщите разработчику программы: у каждого нового запроса должен быть новый ключ. Дважды ничего не сделано.
err-idempotency-in-progress = Этот же запрос уже выполняется.
rec-idempotency-in-progress = Дождитесь его результата, отправлять ещё раз не нужно.
err-wrong-state = { $state ->
    [none] В нынешнем состоянии это невозможно.
   *[other] В состоянии «{ $state }» это невозможно.
}
rec-wrong-state = Посмотрите нынешнее состояние командой «tokensign jobs show» и решите, что делать.
err-not-removable = { $reason ->
    [none] То, что задание оставило в сервисе, удалить нельзя.
   *[other] То, что задание оставило в сервисе, удалить нельзя: { $reason }.
}
rec-not-removable = Посмотрите в самом сервисе; что именно осталось, показывает «tokensign jobs show».
err-file-unreadable = { $path ->
    [none] Файл не читается.
   *[other] { $reason ->
        [none] Файл { $path } не читается.
       *[other] Файл { $path } не читается: { $reason }.
    }
}
rec-file-unreadable = Проверьте, что файл существует и что у вас есть право его открыть.

## Показ документа

err-content-not-seen = Содержимое показать нельзя: программа передала только контрольную сумму документа.
rec-content-not-seen = Подписывайте, только если уверены, что программа посчитала сумму нужного документа; иначе откажите.
err-content-unknown = Содержимое такого вида здесь показать нельзя.
rec-content-unknown = Сохраните копию, откройте её в программе, где документ создан, и решите.
err-content-broken = Содержимое показать нельзя: файл повреждён или не то, чем назван.
rec-content-broken = Попросите у отправителя исправный файл. Если вы не ждали этого документа, откажите.
err-content-protected = Содержимое показать нельзя: файл защищён паролем.
rec-content-protected = Сохраните копию, откройте её с паролем и решите.
err-content-too-heavy = Содержимое показать нельзя: на это нужно больше времени или памяти, чем разрешено.
rec-content-too-heavy = Такой файл может быть сделан во вред. Если вы его не ждали, откажите; иначе сохраните копию и откройте с осторожностью.

## Кто может спрашивать

err-foreign-user = Запрос пришёл от другого пользователя этого компьютера.
rec-foreign-user = У каждого пользователя свой агент. Запустите tokensign от имени того, кто работает с программой.
err-wrong-host = Запрос адресован не этому компьютеру.
rec-wrong-host = Обращайтесь по адресу http://127.0.0.1 с портом, который показывает «tokensign status». Если вы такого запроса не отправляли, до tokensign могла пытаться добраться веб-страница; она ничего не получила.
err-foreign-origin = { $origin ->
    [none] Запрос прислала веб-страница, которая не подключена к tokensign.
   *[other] Запрос прислала веб-страница { $origin }, которая не подключена к tokensign.
}
rec-foreign-origin = Если вы доверяете сайту, пусть он запросит подключение, и сверьте шесть цифр. Иначе делать ничего не нужно: он ничего не получил.
err-unpaired = Программа не подключена к tokensign.
rec-unpaired = Пусть программа запросит подключение; подтвердите его, когда обе покажут одинаковые шесть цифр. Если подключение было прекращено, его нужно создать заново.
err-permission-denied = { $permission ->
    [none] Программе это не разрешено.
   *[other] Программе это не разрешено: у неё нет права «{ $permission }».
}
rec-permission-denied = Подключите программу заново с нужным правом. Что ей разрешено сейчас, покажет «tokensign apps list».
err-malformed-request = Запрос не похож на правильный HTTP/1.1.
rec-malformed-request = Пользуйтесь библиотекой HTTP; у тела сообщения либо длина, либо части.
err-head-too-large = Заголовок запроса слишком велик.
rec-head-too-large = Сократите путь и поля заголовка: всего не более 32 КиБ и 64 полей.
err-too-many-connections = Открыто слишком много соединений.
rec-too-many-connections = Закройте ненужные соединения и повторите через несколько секунд.
err-rate-limited = { $retry_after ->
    [none] Слишком много запросов за короткое время.
    [one] Слишком много запросов за короткое время. Следующий будет принят через { $retry_after } секунду.
    [few] Слишком много запросов за короткое время. Следующий будет принят через { $retry_after } секунды.
   *[other] Слишком много запросов за короткое время. Следующий будет принят через { $retry_after } секунд.
}
rec-rate-limited = Подождите немного и повторите. Если вы ничего не запускали, посмотрите, какая программа спрашивает: «tokensign apps list».
err-pairing-failed = Подключение не подтверждено.
rec-pairing-failed = Начните его в программе ещё раз и подтвердите в течение пяти минут, когда обе покажут одинаковые шесть цифр.

## Сертификаты

err-certificate-not-found = { $selector ->
    [none] Подходящий сертификат не найден.
   *[other] Нет сертификата, подходящего под «{ $selector }».
}
rec-certificate-not-found = Проверьте, что вставлен нужный токен. Сертификаты и их назначение покажет «tokensign certs».
err-certificate-ambiguous = { $count ->
    [none] Подходит несколько сертификатов.
    [one] Подходит { $count } сертификат.
    [few] Подходят { $count } сертификата.
   *[other] Подходят { $count } сертификатов.
}
rec-certificate-ambiguous = Укажите, какой нужен, например началом отпечатка из «tokensign certs».
err-certificate-expired = { $certificate ->
    [none] Срок действия сертификата истёк.
   *[other] { $valid_until ->
        [none] Срок действия сертификата «{ $certificate }» истёк.
       *[other] Срок действия сертификата «{ $certificate }» истёк { $valid_until }.
    }
}
rec-certificate-expired = Получите новый сертификат в удостоверяющем центре. Если он ещё должен действовать, проверьте дату на этом компьютере.
err-certificate-not-yet-valid = { $certificate ->
    [none] Срок действия сертификата ещё не начался.
   *[other] { $valid_from ->
        [none] Срок действия сертификата «{ $certificate }» ещё не начался.
       *[other] Сертификат «{ $certificate }» начнёт действовать { $valid_from }.
    }
}
rec-certificate-not-yet-valid = Дождитесь этого дня или возьмите другой сертификат. Если он уже должен действовать, проверьте дату на этом компьютере.
err-certificate-wrong-purpose = { $certificate ->
    [none] Сертификат предназначен для другого.
   *[other] Сертификат «{ $certificate }» предназначен для другого.
}
rec-certificate-wrong-purpose = Сертификатом для входа нельзя подписывать документы, и наоборот. Выберите другой: назначение каждого покажет «tokensign certs».
err-certificate-without-key = { $certificate ->
    [none] На токене нет ключа этого сертификата.
   *[other] На токене нет ключа сертификата «{ $certificate }».
}
rec-certificate-without-key = Вставьте токен, на котором сертификат был выпущен, или выберите другой сертификат.
err-unsupported-algorithm = { $algorithm ->
    [none] Алгоритм этого сертификата использовать нельзя.
   *[other] Алгоритм { $algorithm } здесь использовать нельзя.
}
rec-unsupported-algorithm = Выберите другой сертификат или другой токен. Возможности токена покажет «tokensign tokens».

## Человек

err-refused = Вы отказали.
rec-refused = Ничего не подписано. Если подпись всё-таки нужна, начните в программе ещё раз.
err-expired = Вовремя никто не ответил.
rec-expired = Ничего не подписано. Начните в программе ещё раз и ответьте, пока запрос ждёт.
err-no-prompter = Вопрос негде показать.
rec-no-prompter = Откройте страницу командой «tokensign open» или ответьте в терминале командой «tokensign approve».
err-cancelled = Запрос отменён.
rec-cancelled = Больше ничего не происходит. Если он ещё нужен, начните снова.
err-approval-mismatch = На подпись пришло не то, что вы одобрили.
rec-approval-mismatch = Ничего не подписано. Начните ещё раз; если повторится, сообщите разработчику программы.
err-stale-decision = Вопрос изменился после того, как был вам показан.
rec-stale-decision = Посмотрите на него в нынешнем виде и решите заново.
err-not-unattended = { $certificate ->
    [none] Этот сертификат можно использовать только с ответом человека.
   *[other] Сертификат «{ $certificate }» можно использовать только с ответом человека.
}
rec-not-unattended = Ответьте на странице или в терминале. Чтобы использовать сертификат без человека, его владелец ставит для него unattended = true в настройках.

## Токен

err-pin-incorrect = { $tries_left ->
    [none] PIN-код неверен.
    [one] PIN-код неверен. Осталась { $tries_left } попытка.
    [few] PIN-код неверен. Осталось { $tries_left } попытки.
   *[other] PIN-код неверен. Осталось { $tries_left } попыток.
}
rec-pin-incorrect = Ничего не подписано. Проверьте раскладку клавиатуры и Caps Lock и введите PIN-код ещё раз без спешки: когда попытки кончатся, токен заблокируется.
err-pin-locked = PIN-код токена заблокирован: было слишком много неверных попыток.
rec-pin-locked = Разблокируйте его PIN-кодом администратора (PUK) в программе изготовителя токена или обратитесь к тому, кто выдал токен. Ничего не подписано.
err-pin-expired = Срок действия PIN-кода токена истёк.
rec-pin-expired = Смените PIN-код в программе изготовителя токена и повторите.
err-pin-not-initialised = PIN-код токена ещё ни разу не задан.
rec-pin-not-initialised = Задайте PIN-код в программе изготовителя токена или обратитесь к тому, кто выдал токен.
err-pin-length = Для этого токена PIN-код слишком короткий или слишком длинный.
rec-pin-length = Попытка не потрачена. Введите PIN-код самого токена, а не пароль программы или компьютера.
err-pin-last-try = Осталась последняя попытка ввести PIN-код.
rec-pin-last-try = Сначала убедитесь, что PIN-код верен. При ошибке токен заблокируется. Продолжайте только подтвердив последнюю попытку.
err-pin-required = Токену нужен PIN-код, а он не введён.
rec-pin-required = Одобрите ещё раз и введите PIN-код.
err-pin-cancelled = Ввод PIN-кода на считывателе отменён.
rec-pin-cancelled = Ничего не подписано. Одобрите ещё раз и введите PIN-код на считывателе.
err-pin-timed-out = PIN-код не введён на считывателе вовремя.
rec-pin-timed-out = Ничего не подписано. Одобрите ещё раз и введите PIN-код, когда считыватель его запросит.
err-pin-not-sent-again = Токен уже отверг настроенный PIN-код, поэтому ещё раз он не отправлен.
rec-pin-not-sent-again = Ничего не подписано, попытка не потрачена. Запишите верный PIN-код туда, где его указывает конфигурация или --pin-source, либо ответьте на вопрос сами. Если это не файл (env:, секрет systemd, хранилище ключей), подпишите один раз сами или возьмите другое имя: изменения там не видны.
err-token-absent = { $token ->
    [none] Токен не вставлен.
   *[other] Токен «{ $token }» не вставлен.
}
rec-token-absent = Вставьте токен. Если он вставлен, выньте его, подождите несколько секунд и вставьте снова; затем посмотрите «tokensign doctor».
err-token-removed = { $token ->
    [none] Токен вынули во время работы.
   *[other] Токен «{ $token }» вынули во время работы.
}
rec-token-removed = Вставьте его снова. Подписанное сохранено, остальное продолжится после ввода PIN-кода.
err-token-busy = { $token ->
    [none] Токен занят другой программой.
   *[other] { $holder ->
        [none] Токен «{ $token }» занят другой программой.
       *[other] Токен «{ $token }» занят другой программой ({ $holder }).
    }
}
rec-token-busy = Закройте другую программу, которая работает с токеном, и повторите. Если её не найти, подождите, пока она закончит, или выньте токен и вставьте снова.
err-driver-missing = { $token ->
    [none] Токен вставлен, но его драйвер не установлен.
   *[other] Токен «{ $token }» вставлен, но его драйвер не установлен.
}
rec-driver-missing = { $install ->
    [none] Установите драйвер от изготовителя токена и повторите. Если он лежит в необычном месте, укажите его: «tokensign modules add».
   *[other] Установите: { $install }. Затем повторите. Если драйвер лежит в необычном месте, укажите его: «tokensign modules add».
}
err-token-cannot-sign = { $token ->
    [none] Этот токен только хранит ключи для других программ и сам подписывать не умеет.
   *[other] Токен «{ $token }» только хранит ключи для других программ и сам подписывать не умеет.
}
rec-token-cannot-sign = { $install ->
    [none] Воспользуйтесь программой, которая записала ключ, или токеном, который подписывает сам.
   *[other] Установите программу, которая записала ключ ({ $install }), или возьмите токен, который подписывает сам.
}
err-token-not-seen = { $module ->
    [none] Токен вставлен, но драйвер его не видит.
   *[other] Токен вставлен, но драйвер { $module } его не видит.
}
rec-token-not-seen = Выньте токен, подождите несколько секунд и вставьте снова. Если не поможет, установите свежую версию драйвера.
err-card-unknown = { $reader ->
    [none] В считывателе карта, с которой не работает ни один драйвер.
   *[other] В считывателе { $reader } карта, с которой не работает ни один драйвер.
}
rec-card-unknown = Установите драйвер от изготовителя карты и укажите его файл: «tokensign modules add». Многие карты поддерживает OpenSC.
err-card-mute = { $reader ->
    [none] Карта не отвечает считывателю.
   *[other] Карта в считывателе { $reader } не отвечает.
}
rec-card-mute = Выньте карту и вставьте правильной стороной, протрите контакты. Если она и тогда не ответит, неисправна карта или считыватель.
err-key-not-found = Ключа этого сертификата на токене нет.
rec-key-not-found = Проверьте, тот ли это токен. Если ключ удалён, нужно выпустить новый сертификат.
err-token-error = { $ckr ->
    [none] Токен ответил ошибкой.
   *[other] Токен ответил ошибкой ({ $ckr }).
}
rec-token-error = Выньте токен, вставьте снова и повторите. Если не пройдёт, назовите ошибку поддержке изготовителя токена.
err-signature-invalid = Подпись, полученная от токена, не проходит проверку.
rec-signature-invalid = Она отброшена, ничего не отправлено. Повторите; если случится снова, неисправен токен или его драйвер.
err-timestamp-failed = { $host ->
    [none] Служба штампов времени не выдала действительный штамп.
   *[other] { $reason ->
        [none] Служба штампов времени { $host } не выдала действительный штамп.
       *[other] Служба штампов времени { $host } не выдала действительный штамп: { $reason }.
    }
}
rec-timestamp-failed = Подпись создана и сохранена, PIN-код повторно не понадобится. Проверьте подключение и адрес службы в конфигурации, затем выполните «tokensign jobs retry».
err-module-missing = { $path ->
    [none] Драйвер токена (модуль PKCS#11) не найден.
   *[other] Драйвер токена (модуль PKCS#11) не найден: { $path }.
}
rec-module-missing = Установите драйвер от изготовителя токена или исправьте путь в настройках. Что искали, покажет «tokensign modules list».
err-module-unusable = { $module ->
    [none] Драйвер токена (модуль PKCS#11) использовать нельзя.
   *[other] { $reason ->
        [none] Драйвер токена { $module } использовать нельзя.
       *[other] Драйвер токена { $module } использовать нельзя: { $reason }.
    }
}
rec-module-unusable = Установите драйвер заново для этой системы и её разрядности. Его файл должен принадлежать вам или администратору, и никто другой не должен иметь права его менять.
err-module-crashed = { $module ->
    [none] Драйвер токена (модуль PKCS#11) аварийно завершился.
   *[other] Драйвер токена { $module } аварийно завершился.
}
rec-module-crashed = tokensign работает дальше и запускает драйвер заново. Подписанное сохранено, остальное одобрите ещё раз. Если повторится, обновите драйвер.
err-module-hung = { $module ->
    [none] Драйвер токена (модуль PKCS#11) не отвечает.
   *[other] Драйвер токена { $module } не отвечает.
}
rec-module-hung = Он остановлен. Выньте токен, вставьте снова и повторите. Если повторится, обновите драйвер.
err-module-quarantined = { $module ->
    [none] Драйвер токена (модуль PKCS#11) отказывал слишком часто и отключён.
   *[other] Драйвер токена { $module } отказывал слишком часто и отключён.
}
rec-module-quarantined = Обновите драйвер, затем верните его командой «tokensign modules release».

## iDocs и MIG24

err-profile-unknown = { $profile ->
    [none] Такого профиля сервиса нет.
   *[other] Профиля сервиса «{ $profile }» нет.
}
rec-profile-unknown = Проверьте имя. Профили стоят в настройках как [idocs.имя] и [mig24.имя].
err-not-configured = { $key ->
    [none] То, о чём просят, здесь не настроено.
   *[other] То, о чём просят, здесь не настроено: нет параметра { $key }.
}
rec-not-configured = Задайте его в настройках, перезапустите агент и повторите запрос.
err-service-token-missing = { $profile ->
    [none] Ключ доступа к сервису отсутствует или не читается.
   *[other] Ключ доступа для профиля «{ $profile }» отсутствует или не читается.
}
rec-service-token-missing = Возьмите ключ в настройках сервиса и положите туда, где его ищет профиль. Файл с ключом должен быть доступен только вам (chmod 600).
err-service-unauthorised = { $profile ->
    [none] Сервис не принимает ключ доступа.
   *[other] Сервис не принимает ключ доступа профиля «{ $profile }».
}
rec-service-unauthorised = Ключ истёк или заменён. Возьмите новый в настройках сервиса и выполните «tokensign jobs retry».
err-service-billing = Оплаченный тариф сервиса закончился.
rec-service-billing = Оплатите тариф в сервисе и выполните «tokensign jobs retry». Подписывать заново не придётся.
err-service-wrong-environment = { $host ->
    [none] Адрес сервиса и ключ доступа относятся к разным средам.
   *[other] { $host } — не тот сервис, для которого выдан ключ доступа.
}
rec-service-wrong-environment = Тестовый ключ действует только по тестовому адресу. Сверьте base_url и token профиля и выполните «tokensign jobs retry».
err-service-refused = { $reason ->
    [none] Сервис отклонил запрос.
   *[other] Сервис отклонил запрос: { $reason }
}
rec-service-refused = Исправьте в сервисе то, что он называет, и начните снова. Дважды ничего не отправлено.
err-service-failed = { $service_status ->
    [none] В сервисе произошла ошибка.
   *[other] В сервисе произошла ошибка (код { $service_status }).
}
rec-service-failed = Это на стороне сервиса. Что безопасно повторить, tokensign повторит сам; иначе позже выполните «tokensign jobs retry».
err-service-unreadable = Ответ сервиса не удаётся понять.
rec-service-unreadable = Часто вместо сервиса отвечает прокси или страница о технических работах. Проверьте адрес в профиле и выполните «tokensign jobs retry».
err-service-unreachable = { $host ->
    [none] С сервисом нет связи.
   *[other] С сервисом { $host } нет связи.
}
rec-service-unreachable = Проверьте подключение к интернету и прокси. tokensign попробует ещё раз сам.
err-service-timeout = { $host ->
    [none] Сервис не ответил вовремя.
   *[other] Сервис { $host } не ответил вовремя.
}
rec-service-timeout = tokensign сначала спросит у сервиса, дошёл ли запрос, поэтому дважды ничего не произойдёт. Подождите или позже выполните «tokensign jobs retry».
err-service-uncertain = Узнать, выполнил ли сервис запрос, невозможно.
rec-service-uncertain = Посмотрите документ в самом сервисе и скажите, что произошло: на странице в разделе «Задания» или командой «tokensign jobs settle» с --happened (произошло) или --did-not (не произошло). До этого ничего не повторяется.
err-ticket-missing = iDocs не выдал талон, защищающий от повторной отправки.
rec-ticket-missing = Ничего не подписано, PIN-код не запрашивался. Попробуйте позже; если повторится, сообщите в поддержку iDocs.
err-download-foreign-host = { $host ->
    [none] Ссылка сервиса на скачивание ведёт на чужой адрес.
   *[other] Ссылка сервиса на скачивание ведёт на чужой адрес ({ $host }).
}
rec-download-foreign-host = Ключ доступа туда не отправлен, ничего не подписано. Если адрес правильный, добавьте его в download_hosts профиля.
err-signer-mismatch = { $reason ->
    [none] Сертификат не принадлежит сотруднику или организации, которые должны подписать.
   *[other] Сертификат не принадлежит тому, кто должен подписать: { $reason }.
}
rec-signer-mismatch = Выберите сертификат того сотрудника, который подписывает, выпущенный на эту организацию.
err-employee-unknown = { $reason ->
    [none] По сертификату не удаётся определить подписывающего сотрудника.
   *[other] По сертификату не удаётся определить подписывающего сотрудника: { $reason }.
}
rec-employee-unknown = Проверьте в сервисе, что у сотрудника указан тот же ИИН, что в сертификате, или назовите сотрудника в запросе.
err-content-changed = Документ изменился после того, как вы его увидели.
rec-content-changed = Ничего не отправлено. Начните снова, посмотрите новую версию и решите заново.
err-prepare-unusable = { $reason ->
    [none] Список контрольных сумм от MIG24 использовать нельзя.
   *[other] Список контрольных сумм от MIG24 использовать нельзя: { $reason }.
}
rec-prepare-unusable = Ничего не подписано. Проверьте, что документы есть в группе пакетов, и начните снова; если повторится, сообщите в поддержку MIG24.

## Агент

err-config-invalid = { $path ->
    [none] { $reason ->
        [none] В настройках ошибка.
       *[other] В настройках ошибка: { $reason }
    }
   *[other] { $reason ->
        [none] В файле настроек { $path } ошибка.
       *[other] В файле настроек { $path } ошибка: { $reason }
    }
}
rec-config-invalid = Исправьте указанное место и запустите снова.
err-store-failed = { $path ->
    [none] tokensign не может прочитать или записать свою базу данных.
   *[other] tokensign не может прочитать или записать свою базу данных в { $path }.
}
rec-store-failed = Проверьте, что на диске есть место и что каталог принадлежит вам. Подробнее покажет «tokensign doctor».
err-store-damaged = База данных tokensign повреждена. Она не изменена.
rec-store-damaged = Сначала скопируйте каталог состояния tokensign. Затем верните его из резервной копии или уберите в сторону: tokensign начнёт с пустой базы, а всё, что ждало, придётся запросить заново. Проверьте диск.
err-store-newer = База данных записана более новой версией tokensign.
rec-store-newer = Установите эту версию или более новую. База оставлена как есть.
err-audit-broken = Журнал решений и подписей изменён извне{ $entry ->
    [none] .
   *[other] : запись { $entry } не сходится.
}
rec-audit-broken = Сохраните копию базы как есть и сравните её с резервной копией и с контрольными точками в системном журнале.
err-agent-running = tokensign уже запущен.
rec-agent-running = Пользуйтесь запущенным агентом: его найдёт «tokensign status». Два агента не могут делить одну базу.
err-agent-unreachable = tokensign не запущен или не отвечает.
rec-agent-unreachable = Запустите его командой «tokensign serve» и повторите.
err-port-taken = { $port ->
    [none] Порт занят другой программой.
   *[other] Порт { $port } занят другой программой.
}
rec-port-taken = Выберите другой порт через --listen или не указывайте его: тогда tokensign найдёт свободный.
err-disk-full = На диске кончилось место.
rec-disk-full = Освободите место и выполните «tokensign jobs retry». Подписанное сохранено.
err-verification-failed = { $reason ->
    [none] Подпись не проходит проверку.
   *[other] Подпись не проходит проверку: { $reason }.
}
rec-verification-failed = Документ или подпись изменены, или они не от одного документа. Возьмите оба файла у отправителя заново.
err-internal = В tokensign произошло то, чего быть не должно.
rec-internal = Дважды ничего не отправлено. Повторите; если случится снова, передайте журнал агента разработчикам. PIN-кода и документов в нём нет.

## Вопросы, на странице и в терминале

ui-product = tokensign
ui-page-title = Одобрение подписи
ui-question-sign = { $count ->
    [one] Подписать { $count } документ?
    [few] Подписать { $count } документа?
   *[other] Подписать { $count } документов?
}
ui-question-remote = { $count ->
    [one] Поручить сервису подписать { $count } документ?
    [few] Поручить сервису подписать { $count } документа?
    [many] Поручить сервису подписать { $count } документов?
   *[other] Поручить сервису подписать { $count } документа?
}
ui-question-authenticate = Войти с вашим сертификатом?
ui-question-choose = Какой сертификат использовать?
ui-question-pair = Подключить эту программу?
ui-action = Что просят
ui-action-sign = Электронная подпись
ui-action-authenticate = Вход (это не подпись документа)
ui-who = Кто просит
ui-caller-owner = Вы, из командной строки
ui-caller-verified = подтверждено системой
ui-caller-unverified = по её собственным словам
ui-origin = Сайт
ui-process = Процесс
ui-documents = Документы
ui-documents-count = { $count ->
    [one] { $count } документ
    [few] { $count } документа
   *[other] { $count } документов
}
ui-document = Документ
ui-reference = Номер в программе
ui-size = Размер
ui-size-bytes = { $count ->
    [one] { $count } байт
    [few] { $count } байта
   *[other] { $count } байт
}
ui-size-kb = { $size } КБ
ui-size-mb = { $size } МБ
ui-size-gb = { $size } ГБ
ui-media-type = Тип
ui-digest = Контрольная сумма
ui-digest-unseen = Содержимое показать нельзя: программа прислала только контрольную сумму документа
ui-expires-soon = { $count ->
    [one] истекает через { $count } день, продлите заранее
    [few] истекает через { $count } дня, продлите заранее
    [many] истекает через { $count } дней, продлите заранее
   *[other] истекает через { $count } дня, продлите заранее
}
ui-kind-bare-content = Подписывается без подписанных атрибутов: ни время, ни сертификат в подписанное не войдут
ui-kind-foreign-attributes = Вы подписываете атрибуты, которые сервис построил вокруг этого документа; tokensign проверил, что в них названы документ и ваш сертификат
ui-kind-foreign-attributes-digest = Вы подписываете контрольную сумму атрибутов, которые построил сервис; к какому документу они относятся, tokensign не видит
ui-entries = Внутри
ui-search = Найти
ui-show-all = Показать все
ui-copy = Скопировать
ui-copied = Скопировано
ui-certificate = Сертификат
ui-certificate-change = Другой сертификат
ui-common-name = Выдан
ui-organisation = Организация
ui-iin = ИИН
ui-bin = БИН
ui-inn = ИНН
ui-inn-le = ИНН организации
ui-ogrn = ОГРН
ui-snils = СНИЛС
ui-issuer = Кем выдан
ui-serial = Номер
ui-valid-from = Действует с
ui-valid-until = Действует до
ui-key-type = Ключ
ui-fingerprint = Отпечаток
ui-token = Токен
ui-purpose = Назначение
ui-purpose-signature = подпись
ui-purpose-authentication = вход
ui-purpose-encryption = шифрование
ui-usable = Годен
ui-yes = да
ui-no = нет
ui-destination = Куда уйдёт
ui-destination-none = Подпись вернётся программе, которая просит
ui-service-idocs = iDocs
ui-service-mig24 = ЭДО.МИГ24
ui-profile = Профиль
ui-host = Адрес
ui-counterparty = Контрагент
ui-effect = Что будет дальше
ui-effect-idocs-send = Документ будет создан в iDocs, подписан и отправлен контрагенту
ui-effect-idocs-sign = Подпись будет сохранена в iDocs, документ пойдёт дальше по маршруту
ui-effect-mig24-send = Группа пакетов будет создана в ЭДО.МИГ24, подписана и отправлена получателю
ui-effect-mig24-sign = Подписи будут переданы, группа пакетов будет отправлена
ui-effect-mig24-remote = ЭДО.МИГ24 сам подпишет группу пакетов и отправит её получателю. Ваш токен не используется
ui-effect-mig24-link = ЭДО.МИГ24 отправит сотруднику ссылку; подписанное по ней уйдёт получателю. Ваш токен не используется
ui-irreversible = Отменить это нельзя.
ui-power-of-attorney = Доверенность (МЧД)
ui-signer = Подписывает
ui-signer-employee-certificate = сертификатом этого сотрудника, который хранится в сервисе
ui-signer-employee-link = сотрудник получит ссылку и подпишет по ней
ui-signer-container = ключом из контейнера с этим именем, который хранится в сервисе
ui-kpp = КПП
ui-comment = Комментарий
ui-container = Контейнер
ui-operator = Оператор
ui-abonent = Код абонента
ui-signature-file = Файл подписи
ui-reading = Прочитано как
ui-agrees-with-file = Совпадает с файлом
ui-queue-off = У этого профиля нет очередей: чтобы получать события, задайте [mig24.имя.queue].
ui-queue-connecting = Очереди не подключены, попытки продолжаются.
ui-queue-connected = Очереди подключены.
ui-topic-counterparties = контрагенты
ui-topic-packages = пакеты
ui-topic-visualisation = визуализация
ui-topic-unknown = неизвестная очередь
ui-event-set-aside = отложено: { $reason }
ui-pin = PIN-код токена
ui-pin-enter = Введите PIN-код токена
ui-pinpad = Введите PIN-код на считывателе
ui-pin-not-needed = PIN-код не нужен
ui-pin-low = PIN-код уже вводили неверно. Будьте внимательны.
ui-pin-final-try = Это последняя попытка. Если PIN-код неверен, токен заблокируется.
ui-pin-confirm-last-try = PIN-код верен, использую последнюю попытку
ui-pin-locked = PIN-код заблокирован
ui-tries-left = { $count ->
    [one] Осталась { $count } попытка
    [few] Осталось { $count } попытки
   *[other] Осталось { $count } попыток
}
ui-approve = Одобрить
ui-refuse = Отказать
ui-disconnect = Отключить эту программу
ui-disconnect-question = Всё, чего ещё ждёт «{ $name }», будет отменено, и программа ни о чём больше не попросит, пока вы не подключите её заново.
ui-disconnect-yes = Отказать и отключить
ui-disconnected-program = Подключение прекращено
ui-choose = Выбрать
ui-deadline = Ответьте до
ui-time-left = { $count ->
    [one] Осталась { $count } секунда
    [few] Осталось { $count } секунды
   *[other] Осталось { $count } секунд
}
ui-minutes-left = { $count ->
    [one] Осталась { $count } минута
    [few] Осталось { $count } минуты
   *[other] Осталось { $count } минут
}
ui-pair-compare = Подключайте, только если программа показывает те же шесть цифр
ui-pair-code = Цифры
ui-permissions = Ей будет можно
ui-permission-sign = просить у вас подписи
ui-permission-authenticate = просить вас войти
ui-permission-certificates = видеть ваши токены и сертификаты
ui-permission-verify = проверять подписи
ui-permission-raw-hash = просить подписи документов, которых tokensign не видит
ui-permission-questions = держать перед вами до { $count } вопросов сразу
ui-permission-service-read = читать в { $service } (профиль { $profile })
ui-permission-service-draft = готовить документы в { $service } (профиль { $profile })
ui-permission-service-submit = отправлять подписанные документы в { $service } (профиль { $profile }), каждый с вашего одобрения
ui-permission-service-delete = удалять документы в { $service } (профиль { $profile })
ui-permission-service-counterparties = читать контрагентов и приглашения в { $service } (профиль { $profile })
ui-any-profile = любой
ui-state = Состояние
ui-state-waiting = ждёт вас
ui-state-working = в работе
ui-state-closed = закрыт
ui-state-running = в работе
ui-state-finished = готово
ui-state-failed = не удалось
ui-state-refused = отказано
ui-state-cancelled = отменено
ui-state-stopped = остановлено, нужен ваш взгляд
ui-state-signed = подписан
ui-state-uncertain = исход неизвестен
ui-state-routed = маршрут создан
ui-waiting-for-person = ждёт вашего решения
ui-no-prompter = ждёт, но вопрос негде показать: откройте страницу или терминал
ui-waiting-for-token = ждёт токена
ui-waiting-for-token-named = ждёт, пока вставят токен «{ $token }»
ui-waiting-for-service = ждёт сервис; спросит снова в { $time }
ui-waiting-to-retry = повторит в { $time }
ui-token-present = вставлен
ui-token-locked = PIN-код заблокирован
ui-token-absent = не вставлен
ui-questions-none = Ничего не ждёт вашего ответа. Каждый новый запрос появится на этой странице.
ui-questions-count = { $count ->
    [one] Вашего ответа ждёт { $count } запрос
    [few] Вашего ответа ждут { $count } запроса
   *[other] Вашего ответа ждут { $count } запросов
}
ui-working = Токен подписывает. Не вынимайте его.
ui-done = Готово
ui-signed = { $count ->
    [one] Подписан { $count } документ
    [few] Подписано { $count } документа
   *[other] Подписано { $count } документов
}
ui-refused = Отказано. Ничего не подписано.
ui-closed-elsewhere = На этот запрос ответили в другом месте, или он больше не нужен.
ui-connected = Связь с tokensign есть
ui-disconnected = Связь с tokensign прервалась. Она восстановится сама.
ui-session-ended = Сеанс этой страницы закончился.
ui-notification = Запрос ждёт вашего решения.
ui-notification-open = Показать
ui-enter-title = Эта страница открывается одноразовой ссылкой
ui-enter-advice = Наберите в терминале этого компьютера:
ui-enter-command = tokensign open
ui-link-used = Ссылка уже использована или ей больше минуты.
ui-tokens = Токены
ui-tokens-none = Токен не вставлен
ui-certificates = Сертификаты
ui-certificates-none = Сертификатов нет
ui-applications = Подключённые программы
ui-applications-none = Ни одна программа не подключена
ui-revoke = Прекратить подключение
ui-rename = Переименовать
ui-new-name = Новое имя
ui-save = Сохранить
ui-cancel = Отмена
ui-jobs = Задания
ui-jobs-none = Ничего нет
ui-lock = Заблокировать
ui-locked = Заблокировано. Все запомненные разрешения прекращены.
ui-grant-documents-any = любой документ, который видит tokensign
ui-grant-documents-digest = хеши, документов которых tokensign не видит
ui-grant-signatures = Подписи
ui-grant-uses = использовано { $used } из { $most }
ui-grant-until = До
ui-language = Язык
ui-details = Подробнее
ui-error = Ошибка
ui-what-to-do = Что делать
ui-last-used = Последний раз
ui-connected-by = Подключил
ui-connected-by-administrator = администратор
ui-executable = Файл программы
ui-created = Создано
ui-time = Время
ui-id = Идентификатор
ui-name = Название
ui-kind = Вид
ui-kind-signature = подпись
ui-kind-idocs-quick-sign = подписание в iDocs
ui-kind-mig24-package-group = подписание в ЭДО.МИГ24
ui-kind-mig24-remote-signature = подпись силами ЭДО.МИГ24
ui-kind-idocs-send = отправка в iDocs
ui-kind-idocs-bulk-sign = подписание многих документов в iDocs
ui-kind-idocs-bulk-send = отправка многих файлов в iDocs
ui-kind-idocs-draft = создание черновика в iDocs
ui-kind-idocs-route = создание маршрутов в iDocs
ui-kind-idocs-download = получение документов из iDocs
ui-kind-mig24-removal = удаление в ЭДО.МИГ24
ui-kind-mig24-send = отправка в ЭДО.МИГ24
ui-steps = Шаги
ui-attempts = Попытки
ui-step-open = начат
ui-step-done = выполнен
ui-step-failed = не удался
ui-step-uncertain = исход неизвестен
ui-reader-empty = пуст
ui-reader-served = работает
ui-reader-held = занят другой программой
ui-reader-mute = не отвечает
ui-reader-unavailable = недоступен
ui-reader-cannot-sign = сам не подписывает
ui-reader-driver-missing = нет драйвера
ui-reader-not-seen = драйвер не видит
ui-reader-unknown = неизвестная карта
ui-reader = Считыватель
ui-origin-configured = в настройках
ui-origin-added = добавлен
ui-origin-profile = найден
ui-origin-p11-kit = от p11-kit
ui-module-ok = работает
ui-module-idle = ещё не опрошен
ui-module-missing = не найден
ui-module-unsafe = нельзя доверять
ui-module-failed = не работает
ui-module-crashed = аварийно завершился
ui-module-quarantined = отключён
ui-pin-state-low = PIN-код вводили неверно
ui-pin-state-final-try = осталась одна попытка
ui-pin-state-locked = PIN-код заблокирован
ui-pin-state-not-initialised = PIN-код не задан
ui-pin-state-to-be-changed = PIN-код нужно сменить
ui-pin-state-pinpad = PIN-код на считывателе

# Страница: документы на месте, запоминание, присмотр
ui-close = Закрыть
ui-preview-show = Показать содержимое
ui-preview-title = Содержимое «{ $name }»
ui-preview-content = Содержимое
ui-preview-loading = Документ готовится к показу…
ui-preview-page = Страница { $page } из { $pages }
ui-preview-previous = Предыдущая страница
ui-preview-next = Следующая страница
ui-preview-save = Сохранить копию
ui-preview-entries = { $count ->
    [one] В архиве { $count } файл
    [few] В архиве { $count } файла
   *[other] В архиве { $count } файлов
}
ui-preview-encrypted = с паролем
ui-preview-truncated = Показано только начало.
ui-preview-encoding = Прочитано в кодировке { $encoding }.
ui-documents-unseen = { $count ->
    [one] содержимое { $count } из них показать нельзя
   *[other] содержимое { $count } из них показать нельзя
}
ui-documents-found = { $count ->
    [one] Найден { $count } документ
    [few] Найдено { $count } документа
   *[other] Найдено { $count } документов
}
ui-documents-search = Искать по названиям документов
ui-certificates-count = { $count ->
    [one] Подходит { $count } сертификат
    [few] Подходят { $count } сертификата
   *[other] Подходят { $count } сертификатов
}
ui-certificates-found = { $count ->
    [one] Найден { $count } сертификат
    [few] Найдено { $count } сертификата
   *[other] Найдено { $count } сертификатов
}
ui-certificates-none-found = Ни один сертификат не подходит под то, что вы ищете
ui-certificates-search = Искать по владельцам, организациям и номерам
ui-certificate-chosen = Выбран
ui-dialog = О том же спрашивает окно на экране. Ответьте там или здесь.
ui-dialog-pin = О том же спрашивает окно на экране. Введите PIN-код там или здесь.
ui-progress = Подписано { $done } из { $all }
ui-reversible = В сервисе это можно отменить.
ui-process-parents = Запущено из
ui-days-left = { $count ->
    [one] остался { $count } день
    [few] осталось { $count } дня
   *[other] осталось { $count } дней
}
ui-remember = На время разрешить «{ $name }» подписывать без вопросов
ui-remember-uses = Сколько подписей
ui-remember-time = Как долго
ui-remember-ends = Только этим сертификатом. Разрешение сразу прекратится, если вынуть токен, если заблокируется экран или уснёт компьютер, и в любой момент — кнопкой «Заблокировать».
ui-remember-any = Любые документы, которые видит tokensign, а не только такие
ui-remember-documents-digest = Документы, которых tokensign не видит: по контрольным суммам
ui-remember-documents-any = Любые документы, которые видит tokensign
ui-remember-documents-type = Документы типа { $type }
ui-hours = { $count ->
    [one] { $count } час
    [few] { $count } часа
   *[other] { $count } часов
}
ui-minutes = { $count ->
    [one] { $count } минута
    [few] { $count } минуты
   *[other] { $count } минут
}
ui-seconds = { $count ->
    [one] { $count } секунда
    [few] { $count } секунды
   *[other] { $count } секунд
}
ui-grants = Запомненные разрешения
ui-grants-none = Ничего не запомнено: каждая подпись требует вашего одобрения
ui-grant-left = { $count ->
    [one] осталась { $count } подпись
    [few] осталось { $count } подписи
   *[other] осталось { $count } подписей
}
ui-grant-end = Прекратить разрешение
ui-job-retry = Повторить
ui-job-cancel = Отменить
ui-job-steps = { $count ->
    [one] { $count } шаг
    [few] { $count } шага
   *[other] { $count } шагов
}
ui-job-attempts = { $count ->
    [one] { $count } попытка
    [few] { $count } попытки
   *[other] { $count } попыток
}
ui-job-settle = Сказать, что произошло
ui-job-settle-question = Что стало с этим шагом?
ui-job-settle-advice = Сначала посмотрите документ в самом сервисе. Ваш ответ записывается, и взять его назад нельзя.
ui-job-settle-step = Шаг
ui-job-settle-yes = Подтвердить
ui-job-happened = Произошло: шаг считается выполненным
ui-job-did-not = Не произошло: шаг начнётся заново
ui-job-result = Идентификатор, который дал сервис, если шаг что-то создал
ui-job-cancel-question = Отменить это задание? Больше ничего не отправится, и продолжить его будет нельзя.
ui-job-cancel-yes = Да, отменить
ui-job-remove-left = Удалить оставшееся
ui-job-remove-question = Удалить это в сервисе? Вернуть будет нельзя.
ui-job-remove-yes = Да, удалить
ui-job-leave = Оставить как есть
ui-left-behind = Осталось в сервисе
ui-left-sent = отправлено
ui-left-not-sent = не отправлено
ui-left-may-be-sent = неизвестно, отправлено ли
ui-pair-refused = Отказано. Программа не подключена.
ui-paired = Программа подключена
ui-logged-in = Вход подтверждён
ui-lock-hint = Прекращает все запомненные разрешения и все входы в токены
ui-module-release = Попробовать снова
ui-token-not-initialised = PIN-код не задан

## Командная строка

cli-choose-prompt = Номер сертификата (пусто — отказать):
cli-approve-prompt = Одобряете? Наберите «да», чтобы одобрить, «нет», чтобы отказать:
cli-pin-prompt = PIN-код (не виден при вводе; пусто — отказать):
cli-yes = да
cli-no = нет
cli-last-try-prompt = Наберите «да», чтобы использовать последнюю попытку, любое другое — отказать:
cli-answer-unclear = Наберите, пожалуйста, «да» или «нет».
cli-number-unclear = { $count ->
    [one] Наберите, пожалуйста, число от 1 до { $count }.
   *[other] Наберите, пожалуйста, число от 1 до { $count }.
}
cli-watching = Жду запросов. Закончить — Ctrl-C.
cli-token-plugged = Вставлен: { $token } ({ $serial }), { $reader }
cli-token-pulled = Вынут: { $token } ({ $serial })
cli-token-changed = Изменился: { $token } ({ $serial })
cli-reader-trouble = Считыватель { $reader }: { $problem }
cli-written = Записано: { $path }
cli-exists = { $path } уже есть; перезаписать — с ключом --force
cli-overwrite-prompt = Файл { $path } уже есть. Введите «да», чтобы заменить его:
cli-dry-run = Вот что было бы сделано. Ничего не отправлено и не подписано.
cli-call = Запрос
cli-total = Всего: { $count }
cli-number = Номер
cli-date = Дата
cli-position = Должность
cli-email = Почта
cli-link = Откройте эту ссылку в течение { $count ->
    [one] { $count } секунды
   *[other] { $count } секунд
}; она сработает один раз:
cli-listening = tokensign готов: { $address }
cli-verdict-valid = Подпись верна
cli-verdict-invalid = Подпись неверна
cli-verdict-unknown = Нельзя сказать, верна ли подпись
cli-verdict-valid-signer = верна
cli-verdict-invalid-signer = неверна
cli-verdict-unknown-signer = неизвестно
reason-content-missing = Не дан подписанный документ
reason-content-digest-mismatch = Документ изменён после подписания, или это другой документ
reason-content-type-mismatch = Подпись сделана для содержимого другого вида
reason-certificate-missing = В подписи нет сертификата подписавшего
reason-certificate-hash-mismatch = Подпись называет не тот сертификат, который в ней лежит
reason-algorithm-unsupported = Алгоритм подписи или длина ключа не поддерживаются
reason-algorithm-mismatch = Алгоритм подписи не подходит к ключу сертификата
reason-key-parameters = Хеш или соль подписи не такие, каких требует ключ сертификата
reason-signature-mismatch = Подпись сделана не ключом этого сертификата или изменена
reason-signature-layout = Подпись верна, но её байты стоят в порядке, который другие программы не примут
reason-content-needed-whole = Такую подпись можно проверить, только если документ целиком внутри неё
reason-issuer-unknown = Удостоверяющий центр, выдавший сертификат, здесь неизвестен
reason-root-untrusted = Сертификат ведёт к корневому, которого нет среди доверенных
reason-certificate-signature = Один из сертификатов цепочки не подписан тем, кто его якобы выдал
reason-issuer-not-authority = Один из сертификатов цепочки выдан тем, кто не вправе их выдавать
reason-certificate-expired = Срок действия сертификата истёк к моменту подписания
reason-certificate-not-yet-valid = Сертификат ещё не действовал в момент подписания
reason-critical-extension = В сертификате есть обязательное правило, которое не поддерживается
reason-certificate-revoked = Сертификат отозван до того, как была сделана подпись
reason-revocation-unknown = Не удалось узнать, не отозван ли сертификат
reason-timestamp-malformed = Метку времени нельзя прочитать
reason-timestamp-imprint = Метка времени сделана для другой подписи
reason-timestamp-signer = Метку времени поставила не служба меток времени
cli-timestamps = Метки времени
cli-timestamp-valid = верна
cli-timestamp-invalid = неверна
cli-timestamp-unknown = её службе доверия нет
cli-timestamped = { $count ->
    [one] Добавлена { $count } метка времени
    [few] Добавлены { $count } метки времени
    [many] Добавлено { $count } меток времени
   *[other] Добавлено { $count } метки времени
}
cli-signing-time = Время по часам подписавшего
cli-algorithm = Алгоритм
cli-started = Начато
cli-waiting-elsewhere = Жду ответа, который дают в другом месте
cli-revoked = Подключение прекращено
cli-grant-ended = Разрешение прекращено
cli-uploading = Отправка
cli-signing = Подписание
cli-address = Адрес
cli-version = Версия
cli-prompters = Вопросы показываются
cli-uptime = Работает
cli-unattended = Действуют БЕЗ ЧЕЛОВЕКА
cli-module = Драйвер
cli-origin = Откуда
cli-module-added = Добавлен: { $path } ({ $description })
cli-module-removed = Убран: { $path }
cli-model = Модель
cli-permissions = Права
cli-never = никогда
cli-manufacturer = Изготовитель
cli-outcome = Итог
cli-next = Можно
cli-jobs-more = Более ранние: tokensign jobs list --before { $id }
cli-evidence-files = Подписи и документы, под которыми они стоят. Документ лежит здесь, только пока его хранит профиль; любую другую его копию подтверждает хеш в подписи.
cli-evidence-check = Проверьте подпись сертификатами её удостоверяющего центра в CA.pem (для ключей ГОСТ программе OpenSSL нужен модуль ГОСТ):
cli-evidence-audit = В job.json — задание со всеми шагами и номерами в сервисе; в audit.json — его записи журнала аудита, каждая с хешем цепочки до неё. Всю цепочку проверяет «tokensign audit verify».
cli-not-running = Агент не запущен; он запускается, когда нужен.
cli-audit-intact = { $count ->
    [one] Журнал цел: { $count } запись.
    [few] Журнал цел: { $count } записи.
   *[other] Журнал цел: { $count } записей.
}
cli-check-ok = хорошо
cli-check-problem = затруднение
cli-doctor-directories = Каталоги
cli-doctor-agent = Агент
cli-doctor-reader-service = Служба считывателей
cli-doctor-tokens = Токены
cli-doctor-desktop = Рабочий стол
cli-reader-service-ok = служба PC/SC отвечает
cli-reader-service-absent = служба PC/SC (pcscd) не работает: токены в считывателях смарт-карт не видны
cli-reader-service-hangs = служба PC/SC (pcscd) не отвечает: перезапустите её
cli-reader-service-failed = служба PC/SC (pcscd) отвечает ошибкой: перезапустите её
cli-agent-runs = работает
cli-agent-startable = не работает, может быть запущен
cli-no-known-family = семейство неизвестно
cli-no-desktop = нет сеанса рабочего стола: на вопросы отвечают командой tokensign approve

## Why: reasons as they are written in English where they arise (messages/reasons.rs). They are put in where an error has { $reason }, without a full stop.

why-missing = не указано
why-empty = ничего не содержит
why-given-twice = указано больше одного раза
why-names-twice = один документ назван дважды
why-comes-twice = { $item } встречается дважды
why-unknown-field = в этом запросе такого поля нет
why-wrong-value = значение недопустимо
why-expected = ожидается { $what }
why-expected-text = ожидается текст
why-expected-whole-number = ожидается целое число
why-expected-yes-or-no = ожидается true (да) или false (нет)
why-expected-list = ожидается список
why-expected-object = ожидается объект с полями
why-not-readable = не удаётся прочитать: { $error }
why-not-json = { $file } — не JSON: { $error }
why-no-json-object = в файле нет объекта JSON
why-not-base64 = это не base64
why-not-pem = { $file } — не сертификат в виде PEM
why-not-absolute = { $path } — не полный путь (полный начинается с «/»)
why-one-of = нужно одно из: { $values }
why-range = нужно число от 1 до { $most }
why-entries = число записей — от 1 до { $most }
why-too-many = их больше, чем { $most }
why-characters = число знаков — от 1 до { $most }
why-at-most-characters = число знаков — не больше { $most }
why-visible-characters = число знаков — от 1 до { $most }, без пробелов, только латинские буквы, цифры и знаки ASCII
why-file-bytes = размер файла — от 1 до { $most } байт
why-bytes = длиннее, чем { $most } байт
why-twelve-digits = нужно 12 цифр
why-ten-or-twelve-digits = нужно 10 или 12 цифр
why-no-email = «{ $text }» — не адрес электронной почты
why-https-address = нужен адрес, который начинается с https://
why-one-is-enough = указано вместе с { $other }; нужно что-то одно
why-does-not-go-with = нельзя указывать вместе с { $other }
why-exactly-one-of = нужно ровно одно из двух: { $first } или { $second }
why-request-part-missing = нет части с JSON
why-file-missing = нужен хотя бы один файл
why-part-once = у каждой части должно быть своё имя
why-part-absent = названа часть, которой в запросе нет
why-part-unnamed = эта часть пришла, но в запросе не названа
why-no-such-part = файла «{ $part }» нет, или он назван дважды
why-file-unclaimed = файл «{ $part }» не относится ни к одному документу
why-guid-in-one-place = нужен GUID, и указать его нужно в одном месте
why-fixed-by-path = номер задан адресом запроса и не меняется
why-not-in-list = такого задания в списке нет
why-unknown-prompter = отвечать таким способом эта программа не может
why-uri-without-module-path = в адресе PKCS#11 не назван драйвер: добавьте ?module-path=…
why-uri-without-module = в адресе PKCS#11 не назван драйвер: добавьте ?module-path=… или ?module-name=…
why-content-or-digest = нет ни содержимого, ни контрольной суммы
why-content-to-attach = содержимого нет, а оно должно войти в подпись
why-document-without-content = документ «{ $document }» пришёл без содержимого
why-document-unknown = у документа «{ $document }» нет ни содержимого, ни контрольной суммы
why-signed-attributes = «{ $document }» — не документ, а подписываемые атрибуты
why-add-to-detached = нельзя указывать вместе с detached = false: есть ли содержимое внутри, определяет уже сделанная подпись
why-add-to-needs-content = нужно содержимое документа: с ним сверяется уже сделанная подпись
why-signer-without-attributes = одна из подписей внутри сделана без подписанных атрибутов, ещё одну к ней добавить нельзя
why-not-over-document = это подпись не документа, а содержимого другого вида
why-does-not-hold = подпись недействительна: { $verdict }
why-signer-certificate-missing = в подписи нет сертификата подписавшего
why-has-every-timestamp = метка времени уже есть у каждой подписи
why-challenge-content = запрос на вход должен прийти с содержимым
why-challenge-size = запрос на вход — не больше 16 КиБ
why-one-challenge = за один вход подписывается один запрос
why-unknown-digest = такой алгоритм контрольной суммы не известен; известны sha256, sha384, sha512, streebog256 и streebog512
why-digest-encoding = контрольная сумма записана не в шестнадцатеричном виде и не в base64
why-fingerprint-shape = отпечаток — это 64 шестнадцатеричные цифры (SHA-256 сертификата), с двоеточиями или без них
why-chosen-fingerprint = нужно назвать отпечаток выбранного сертификата
why-no-candidate = этого сертификата среди предложенных нет
why-unfit-decision = на этот вопрос так ответить нельзя
why-for-a-person = это решает только человек
why-not-offered = для этого запроса запомнить решение нельзя
why-unseen-contents = нельзя разрешить документы, содержимого которых tokensign не видит
why-route-kind = в маршруте этого вида так нельзя
why-station-needed = в маршруте нужен хотя бы один участник
why-documents-or-inbox = назовите документы или укажите inbox (входящие)
why-same-number-and-name = у двух документов одинаковые номер и название
why-mandate-of-container = указывается только вместе с контейнером; доверенность сотрудника записана в его карточке
why-organisation-needed = нужно указать здесь или в профиле: сервис перечисляет сотрудников по организации
why-step-needed = назовите шаг: неизвестен исход нескольких шагов
why-result-needed = назовите, что появилось в сервисе на шаге { $step }
why-job-not-closed = задание ещё не закончено
why-left-nothing = задание ничего не оставило
why-was-there-before = это было в сервисе до задания
why-may-have-been-sent = возможно, это уже отправлено
why-may-be-signed = возможно, это уже подписано
why-service-has-no-call = сервис такого удаления не умеет
why-certificate-without-numbers = в сертификате нет ни БИН, ни ИИН
why-certificate-without-iin = в сертификате нет ИИН
why-iin-differs = в сертификате ИИН { $found }, а у сотрудника { $expected }
why-no-employee = в организации нет сотрудника { $employee }
why-no-employee-with-iin = ни у одного сотрудника нет ИИН { $iin } из сертификата
why-several-employees-with-iin = ИИН { $iin } из сертификата есть у нескольких сотрудников
why-partly-failed = не выполнено { $failed } из { $all }; причина указана у каждого документа
why-service-failed-at-it = в сервисе произошла ошибка во время работы над документом
why-document-unseen = сервис не отдаёт документ { $document }, а не видя документа, подписывать нельзя
why-list-empty = списка нет, или он пуст
why-list-too-deep = в списке слишком много вложенных уровней
why-no-list = в ответе сервиса списка нет
why-item-without-id = нет номера, хотя у других он есть
why-item-twice = встречается дважды
why-item-unreadable = запись не удаётся понять
why-item-id = это не номер документа
why-item-without-hash = нет контрольной суммы
why-item-algorithm = алгоритм { $algorithm } не подходит к ключу сертификата
why-item-other-hash = контрольная сумма не от этого файла
why-item-hash-unclear = файл получить не удалось, поэтому не понять, что это за сумма; укажите в профиле hash_kind
why-item-attributes-unchecked = файл получить не удалось, поэтому подписываемые атрибуты не проверить
why-item-attributes = ошибка в подписываемых атрибутах: { $error }
why-item-hash-encoding = контрольная сумма записана не в base64 и не в шестнадцатеричном виде
why-item-no-attributes = это не подписываемые атрибуты
why-no-file-fits = под этот образец не подходит ни один файл
why-not-among-files = { $file } нет среди отправляемых файлов
why-file-exists = { $file } уже есть; чтобы перезаписать, добавьте --force
why-directory-needed = нужна существующая папка
why-directory-for-several = для нескольких файлов нужна существующая папка
why-stdout-takes-one = на экран или в канал можно вывести только одну подпись
why-stdin-without-place = назовите файл для подписи: у документа, поданного на вход, своего места нет
why-same-names = у двух подписей получилось бы одинаковое имя файла
why-single-file = указывается, только когда файл один
why-signature-over-one-file = подпись добавляется только к одному файлу
why-act-shape = нужно НОМЕР:ДЕЙСТВИЕ, где действие — sign, approve, inform или reject
why-number-pattern = для нескольких файлов нужно {"{n}"} или {"{name}"}, чтобы у каждого документа был свой номер
why-several-profiles = профилей несколько, назовите один: { $names }
why-profiles-known = в настройках есть: { $names }
why-no-profiles = в настройках нет ни одного профиля [{ $service }.…]
why-detached-without-agent = с --detach работу ведёт запущенный tokensign, а он не запущен
why-events-without-agent = события принимает запущенный tokensign, а он не запущен
why-agent-ended = tokensign завершил работу
why-no-loopback = он запущен без порта для браузера (endpoint.tcp = false)
why-no-terminal = команда запущена без терминала ({ $error })
why-pinentry-missing = не установлена программа pinentry (в Debian: apt-get install pinentry-gtk2 или pinentry-curses)
why-no-home = у пользователя нет домашней папки: задайте HOME или XDG_STATE_HOME либо agent.state_dir в настройках
why-not-there = его нет
why-not-permitted = нет прав
why-is-directory = это папка
why-no-directory = часть пути — не папка
why-variable-unset = не задана переменная окружения { $name }
why-variable-encoding = переменная окружения { $name } не в UTF-8
why-secret-unreadable = не удаётся прочитать файл { $place }: { $error }
why-secret-open = { $place } могут прочитать другие пользователи; закройте: chmod { $mode } { $path }
why-secret-encoding = { $place }: содержимое не в UTF-8
why-secret-empty = { $place }: пусто
why-secret-lines = { $place }: больше одной строки, или есть управляющие символы
why-secret-long = { $place }: длиннее, чем { $most } байт
why-keyring = хранилище паролей его не отдаёт: { $error }
why-credential-name = «{ $name }» — не имя секрета systemd
why-credentials-directory = не задано CREDENTIALS_DIRECTORY: tokensign запущен не через systemd с LoadCredential=
why-at-line = строка { $line }: { $error }
why-setting = { $key }: { $error }
why-setting-relative = { $key } = { $path } — не полный путь (полный начинается с «/»)
why-setting-zero = { $key } — 0, а нужно хотя бы 1
why-setting-language = { $key } = { $value }: такого языка нет; есть en, kk и ru
why-setting-reachable = { $key } = { $address } доступен снаружи, а разрешено только 127.0.0.1 или [::1]
why-setting-one-of = { $key } = { $value }: нужно одно из: { $known }
why-setting-fingerprint = { $key }: нужны 64 шестнадцатеричные цифры (SHA-256)
why-setting-fingerprint-uri = { $key } — адрес PKCS#11: завтра там может лежать другой сертификат, укажите его SHA-256 (его показывает tokensign certs)
why-setting-unattended-only = { $key } действует только вместе с unattended = true
why-setting-origin-or-executable = в { $key } нужно ровно одно: origin (сайт) или executable (файл программы)
why-setting-name = { $key } = { $value }: допускаются латинские буквы, цифры, - и _
why-profile-name = { $key } — не имя профиля: допускаются латинские буквы, цифры, - и _
why-setting-address = { $key } — не адрес: { $error }
why-setting-https = { $key } должен начинаться с https://: туда отправляется ключ доступа
why-setting-no-http = { $key } должен начинаться с http:// или https://
why-setting-no-host = { $key }: не назван сервер
why-setting-url-extras = { $key }: в адресе лишнее — имя пользователя, параметры или метка
why-setting-most = { $key } больше, чем { $most }
why-setting-seconds = { $key }: нужно от 0 до { $most } секунд
why-setting-no-certificate = { $key }: в файле нет ни одного сертификата
why-setting-secret = для { $key } нужен секрет (secret) в адресе
why-setting-timestamp-url = для подписей с меткой времени (cades-t) нужен { $key }
why-key-locked = { $key } здесь менять нельзя: это закрыл администратор в { $file }; уберите эту настройку
why-modules-locked = список драйверов закрыт администратором: обратитесь к нему
why-lock-elsewhere = закрывать настройки могут только файлы в { $directory }
why-applications-elsewhere = подключать программы могут только файлы в { $directory }; уберите [[applications]]
why-is-given-twice = указано больше одного раза
why-given-more-than-once = { $item } указано больше одного раза
why-no-email-alone = это не адрес электронной почты
why-disk-is-full = на диске нет места
why-read-only = диск доступен только для чтения
why-file-not-readable = не удаётся прочитать { $file }: { $error }
why-organisation-bin = в сертификате БИН { $found }, а у организации БИН { $expected }
why-organisation-iin = в сертификате ИИН { $found }, а у организации БИН { $expected }
why-send-file-part = нет части с файлом
why-event-without-document = в событии не назван документ
why-no-content-to-attach = у документа «{ $document }» нет содержимого, которое должно войти в подпись
why-one-to = нужно число от 1 до { $most }
why-has-characters = число знаков — от 1 до { $most }
why-too-many-files = файлов больше, чем { $most }
why-one-of-languages = нужно одно из: ru, kk, en
why-no-cms = это не подпись CMS: { $error }
why-no-encoding = данные не в DER, не в PEM и не в base64
why-unknown-field-of = настройки «{ $key }» нет; есть: { $known }
