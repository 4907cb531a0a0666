# Қазақша мәтіндер. `err-<код>` не болғанын, `rec-<код>` не істеу керегін айтады. Оқитын — бағдарламашы емес, бухгалтер.
# Аргумент болмауы мүмкін: онда оның мәні `none`, сондықтан әрқайсысы тек өзі таңдаған нұсқаның ішінде тұрады.

## Сұраудың өзі

err-malformed-json = Бағдарлама жіберген сұрау JSON ретінде оқылмайды.
rec-malformed-json = Оны жіберген бағдарламаның әзірлеушісіне хабарлаңыз. Ештеңеге қол қойылған жоқ.
err-invalid-field = { $field ->
    [none] Сұраудағы бір мән жоқ немесе қате.
   *[other] { $reason ->
        [none] Сұраудағы «{ $field }» мәні жоқ немесе қате.
       *[other] Сұраудағы «{ $field }» мәні қате: { $reason }.
    }
}
rec-invalid-field = Мәнді түзетіп, сұрауды қайта жіберіңіз. Ештеңеге қол қойылған жоқ.
err-invalid-selector = { $mistake ->
    [none] Қай сертификат керек екені түсініксіз.
    [unrecognised] Бұл ешбір сертификатты таңдамайды.
    [unknown-filter] { $name } деген шарт жоқ.
    [not-12-digits] { $name } мәні — 12 цифр.
    [not-10-or-12-digits] { $name } мәні — 10 немесе 12 цифр.
    [not-13-or-15-digits] { $name } мәні — 13 немесе 15 цифр.
    [not-11-digits] { $name } мәні — 11 цифр.
    [no-token] { $name } мәні — токеннің белгісі немесе сериялық нөмірі.
    [no-text] { $name } мәні — атаудың құрамындағы мәтін.
    [no-key-usage] { $name } мәні — нысан идентификаторы немесе emailProtection, clientAuth сияқты атау.
    [not-hexadecimal] { $name } мәні — сертификаттың он алтылық түрдегі сериялық нөмірі.
    [no-instant] { $name } мәні — 2026-01-31 сияқты күн немесе RFC 3339 бойынша уақыт.
    [uri-scheme] PKCS#11 мекенжайы «pkcs11:» деп басталады.
    [uri-pin] PKCS#11 мекенжайында { $name } болмауы керек: PIN-кодты сұралғанда енгізіңіз немесе сертификат үшін PIN көзін баптаңыз.
    [uri-no-value] PKCS#11 мекенжайы атрибутының мәні жоқ; атау=мән деп жазып, «;» арқылы бөліңіз.
    [uri-slot] Слоттардың нөмірлері өзгереді: { $name } орнына токенді token= немесе serial= арқылы атаңыз.
    [uri-unknown] PKCS#11 мекенжайының { $name } атрибуты қолдау таппайды.
    [uri-duplicate] PKCS#11 мекенжайында { $name } бірнеше рет берілген.
    [uri-encoding] PKCS#11 мекенжайындағы { $name } мәні пайыз белгілерімен дұрыс кодталмаған.
    [uri-type] PKCS#11 мекенжайының «type» атрибуты — cert, private, public, secret-key, data мәндерінің бірі.
   *[other] { $name ->
        [none] Қай сертификат керек екені түсініксіз.
       *[other] Қай сертификат керек екені түсініксіз ({ $name }).
    }
}
rec-invalid-selector = Сертификатты саусақ ізінің басымен, PKCS#11 мекенжайымен (pkcs11:…) немесе iin=…,bin=… сияқты шарттармен көрсетіңіз. Сертификаттар тізімін «tokensign certs» көрсетеді.
err-digest-mismatch = { $document ->
    [none] Құжат өзімен бірге келген бақылау сомасына сәйкес келмейді.
   *[other] «{ $document }» құжаты өзімен бірге келген бақылау сомасына сәйкес келмейді.
}
rec-digest-mismatch = Құжат жолда өзгерген немесе бүлінген. Оны бастапқы көзінен қайта алыңыз. Ештеңеге қол қойылған жоқ.
err-digest-length = { $document ->
    [none] Сұраудағы бақылау сомасының ұзындығы дұрыс емес.
   *[other] «{ $document }» құжатының бақылау сомасының ұзындығы дұрыс емес.
}
rec-digest-length = Бағдарлама немесе сервис бақылау сомасын өзі атаған алгоритммен есептемеген. Әзірлеушісіне хабарлаңыз. Ештеңеге қол қойылған жоқ.
err-not-found = tokensign-да мұндай мекенжай жоқ.
rec-not-found = Мекенжайды тексеріңіз немесе бағдарлама нұсқасын /docs бетіндегі тізіммен салыстырыңыз.
err-no-such-item = { $item ->
    [none] Мұндай жазба жоқ немесе ол басқа бағдарламаға тиесілі.
    [at_service] Сервисте мұндай идентификатормен ештеңе жоқ.
   *[other] «{ $item }» жазбасы жоқ немесе ол басқа бағдарламаға тиесілі.
}
rec-no-such-item = { $item ->
    [at_service] Сервистегі идентификаторды және профильдің тиісті ұйымға жататынын тексеріңіз.
   *[other] Нөмірді тексеріңіз. Тапсырмалар тізімін «tokensign jobs list» көрсетеді.
}
err-method-not-allowed = Бұл мекенжайда мұндай әрекет жоқ.
rec-method-not-allowed = Бағдарлама әзірлеушісіне хабарлаңыз: әрекеттер тізімі /docs бетінде.
err-body-too-large = { $limit ->
    [none] Сұрау tokensign қабылдайтын көлемнен үлкен.
   *[other] Сұрау tokensign қабылдайтын көлемнен үлкен ({ $limit } байттан аспауы керек).
}
rec-body-too-large = Үлкен құжаттар multipart түрінде жіберіледі, сонда олар бөлшектеп оқылады. Шек баптауда беріледі.
err-request-too-slow = Сұрау тым баяу келді.
rec-request-too-slow = Оны қайталаңыз. Тағы болса, бағдарлама әзірлеушісіне хабарлаңыз: сұрау ұзақ кідіріссіз жіберілуі керек.
err-unsupported-media-type = Бұл әрекет мұндай түрдегі сұрауды қабылдамайды.
rec-unsupported-media-type = Бағдарлама әзірлеушісіне хабарлаңыз: application/json немесе multipart/form-data қабылданады.
err-idempotency-mismatch = Дәл сол Idempotency-Key кілтімен басқа сұрау келді.
rec-idempotency-mismatch = Бағдарлама әзірлеушісіне хабарлаңыз: әр жаңа сұрауға жаңа кілт керек. Ештеңе екі рет жасалған жоқ.
err-idempotency-in-progress = Дәл осы сұрау қазір орындалып жатыр.
rec-idempotency-in-progress = Нәтижесін күтіңіз, қайта жіберудің қажеті жоқ.
err-wrong-state = { $state ->
    [none] Қазіргі күйде бұл мүмкін емес.
   *[other] «{ $state }» күйінде бұл мүмкін емес.
}
rec-wrong-state = Қазіргі күйін «tokensign jobs show» арқылы көріп, содан кейін шешіңіз.
err-not-removable = { $reason ->
    [none] Тапсырма сервисте қалдырған нәрсені жою мүмкін емес.
   *[other] Тапсырма сервисте қалдырған нәрсені жою мүмкін емес: { $reason }.
}
rec-not-removable = Сервистің өзінен қараңыз; не қалғанын «tokensign jobs show» көрсетеді.
err-file-unreadable = { $path ->
    [none] Файл оқылмайды.
   *[other] { $reason ->
        [none] { $path } файлы оқылмайды.
       *[other] { $path } файлы оқылмайды: { $reason }.
    }
}
rec-file-unreadable = Файлдың бар екенін және оны ашуға құқығыңыз бар екенін тексеріңіз.

## Құжатты көрсету

err-content-not-seen = Мазмұнын көрсету мүмкін емес: бағдарлама құжаттың бақылау сомасын ғана жіберді.
rec-content-not-seen = Бағдарлама дәл осы құжаттың сомасын есептегеніне сенсеңіз ғана мақұлдаңыз; әйтпесе бас тартыңыз.
err-content-unknown = Мұндай түрдегі мазмұнды бұл жерде көрсету мүмкін емес.
rec-content-unknown = Көшірмесін сақтап, оны құжат жасалған бағдарламада ашыңыз да, содан кейін шешіңіз.
err-content-broken = Мазмұнын көрсету мүмкін емес: файл бүлінген немесе атауына сай емес.
rec-content-broken = Жіберушіден дұрыс файл сұраңыз. Бұл құжатты күтпеген болсаңыз, бас тартыңыз.
err-content-protected = Мазмұнын көрсету мүмкін емес: файл құпиясөзбен қорғалған.
rec-content-protected = Көшірмесін сақтап, құпиясөзбен ашыңыз да, содан кейін шешіңіз.
err-content-too-heavy = Мазмұнын көрсету мүмкін емес: бұған рұқсат етілгеннен көп уақыт немесе жад керек.
rec-content-too-heavy = Мұндай файл зиян келтіру үшін жасалуы мүмкін. Оны күтпеген болсаңыз, бас тартыңыз; әйтпесе көшірмесін сақтап, абайлап ашыңыз.

## Кім сұрай алады

err-foreign-user = Сұрау осы компьютердің басқа пайдаланушысынан келді.
rec-foreign-user = Әр пайдаланушының өз агенті болады. tokensign-ды сол бағдарламамен жұмыс істейтін пайдаланушы атынан іске қосыңыз.
err-wrong-host = Сұрау осы компьютерге арналмаған.
rec-wrong-host = «tokensign status» көрсететін портпен http://127.0.0.1 мекенжайын пайдаланыңыз. Егер мұндай сұрау жібермеген болсаңыз, tokensign-ға веб-бет жетуге тырысқан болуы мүмкін; оған ештеңе берілген жоқ.
err-foreign-origin = { $origin ->
    [none] Сұрауды tokensign-ға қосылмаған веб-бет жіберді.
   *[other] Сұрауды tokensign-ға қосылмаған { $origin } веб-беті жіберді.
}
rec-foreign-origin = Сайтқа сенсеңіз, ол қосылуды сұрасын, сонда алты цифрды салыстырыңыз. Әйтпесе ештеңе істеудің қажеті жоқ: ол ештеңе алған жоқ.
err-unpaired = Бағдарлама tokensign-ға қосылмаған.
rec-unpaired = Бағдарлама қосылуды сұрасын; екеуі де бірдей алты цифр көрсеткенде растаңыз. Тоқтатылған қосылымды жаңадан жасау керек.
err-permission-denied = { $permission ->
    [none] Бағдарламаға бұл рұқсат етілмеген.
   *[other] Бағдарламаға бұл рұқсат етілмеген: оның «{ $permission }» құқығы жоқ.
}
rec-permission-denied = Бағдарламаны керек құқықпен қайта қосыңыз. Қазір не рұқсат етілгенін «tokensign apps list» көрсетеді.
err-malformed-request = Сұрау дұрыс HTTP/1.1 емес.
rec-malformed-request = HTTP кітапханасын пайдаланыңыз; хабар денесінің ұзындығы немесе бөліктері болады.
err-head-too-large = Сұраудың тақырыбы тым үлкен.
rec-head-too-large = Жолды және тақырып өрістерін қысқартыңыз: барлығы 32 КиБ-тан және 64 өрістен аспасын.
err-too-many-connections = Тым көп қосылым ашылған.
rec-too-many-connections = Пайдаланылмайтын қосылымдарды жауып, бірнеше секундтан кейін қайталаңыз.
err-rate-limited = { $retry_after ->
    [none] Қысқа уақытта тым көп сұрау келді.
   *[other] Қысқа уақытта тым көп сұрау келді. Келесісі { $retry_after } секундтан кейін қабылданады.
}
rec-rate-limited = Сәл күтіп, қайталаңыз. Өзіңіз ештеңе бастамаған болсаңыз, қай бағдарлама сұрап жатқанын қараңыз: «tokensign apps list».
err-pairing-failed = Қосылым расталмады.
rec-pairing-failed = Бағдарламадан қайта бастап, екеуі де бірдей алты цифр көрсеткенде, бес минут ішінде растаңыз.

## Сертификаттар

err-certificate-not-found = { $selector ->
    [none] Лайықты сертификат табылмады.
   *[other] «{ $selector }» шартына сай сертификат жоқ.
}
rec-certificate-not-found = Керек токеннің салынғанын тексеріңіз. Сертификаттарды және олардың мақсатын «tokensign certs» көрсетеді.
err-certificate-ambiguous = { $count ->
    [none] Бірнеше сертификат сай келеді.
   *[other] { $count } сертификат сай келеді.
}
rec-certificate-ambiguous = Қайсысы керек екенін көрсетіңіз, мысалы, «tokensign certs» тізіміндегі саусақ ізінің басымен.
err-certificate-expired = { $certificate ->
    [none] Сертификаттың мерзімі өтіп кеткен.
   *[other] { $valid_until ->
        [none] «{ $certificate }» сертификатының мерзімі өтіп кеткен.
       *[other] «{ $certificate }» сертификатының мерзімі { $valid_until } күні біткен.
    }
}
rec-certificate-expired = Куәландырушы орталықтан жаңа сертификат алыңыз. Егер ол әлі жарамды болуы тиіс болса, осы компьютердің күнін тексеріңіз.
err-certificate-not-yet-valid = { $certificate ->
    [none] Сертификаттың мерзімі әлі басталған жоқ.
   *[other] { $valid_from ->
        [none] «{ $certificate }» сертификатының мерзімі әлі басталған жоқ.
       *[other] «{ $certificate }» сертификаты { $valid_from } күнінен бастап жарамды.
    }
}
rec-certificate-not-yet-valid = Сол күнді күтіңіз немесе басқа сертификат алыңыз. Егер ол қазір жарамды болуы тиіс болса, осы компьютердің күнін тексеріңіз.
err-certificate-wrong-purpose = { $certificate ->
    [none] Сертификат бұл іске арналмаған.
   *[other] «{ $certificate }» сертификаты бұл іске арналмаған.
}
rec-certificate-wrong-purpose = Кіруге арналған сертификатпен құжатқа қол қоюға болмайды, және керісінше. Басқасын таңдаңыз: әрқайсысының мақсатын «tokensign certs» көрсетеді.
err-certificate-without-key = { $certificate ->
    [none] Токенде бұл сертификаттың кілті жоқ.
   *[other] Токенде «{ $certificate }» сертификатының кілті жоқ.
}
rec-certificate-without-key = Сертификат шығарылған токенді салыңыз немесе басқа сертификат таңдаңыз.
err-unsupported-algorithm = { $algorithm ->
    [none] Бұл сертификаттың алгоритмін пайдалануға болмайды.
   *[other] { $algorithm } алгоритмін мұнда пайдалануға болмайды.
}
rec-unsupported-algorithm = Басқа сертификат немесе басқа токен таңдаңыз. Токеннің мүмкіндіктерін «tokensign tokens» көрсетеді.

## Адам

err-refused = Сіз бас тарттыңыз.
rec-refused = Ештеңеге қол қойылған жоқ. Сонда да қол қою керек болса, бағдарламадан қайта бастаңыз.
err-expired = Уақытында ешкім жауап бермеді.
rec-expired = Ештеңеге қол қойылған жоқ. Бағдарламадан қайта бастап, сұрау күтіп тұрғанда жауап беріңіз.
err-no-prompter = Сұрақты көрсететін жер жоқ.
rec-no-prompter = Бетті «tokensign open» арқылы ашыңыз немесе терминалда «tokensign approve» арқылы жауап беріңіз.
err-cancelled = Сұраудан бас тартылды.
rec-cancelled = Бұдан әрі ештеңе болмайды. Ол әлі керек болса, қайта бастаңыз.
err-approval-mismatch = Қол қоюға келген нәрсе сіз мақұлдаған нәрсе емес.
rec-approval-mismatch = Ештеңеге қол қойылған жоқ. Қайта бастаңыз; қайталана берсе, бағдарлама әзірлеушісіне хабарлаңыз.
err-stale-decision = Сұрақ сізге көрсетілгеннен кейін өзгерді.
rec-stale-decision = Оның қазіргі түріне қарап, қайта шешіңіз.
err-not-unattended = { $certificate ->
    [none] Бұл сертификатты тек адам жауап бергенде пайдалануға болады.
   *[other] «{ $certificate }» сертификатын тек адам жауап бергенде пайдалануға болады.
}
rec-not-unattended = Бетте немесе терминалда жауап беріңіз. Сертификатты адамсыз пайдалану үшін оның иесі баптауда unattended = true деп көрсетеді.

## Токен

err-pin-incorrect = { $tries_left ->
    [none] PIN-код қате.
   *[other] PIN-код қате. { $tries_left } әрекет қалды.
}
rec-pin-incorrect = Ештеңеге қол қойылған жоқ. Пернетақта тілі мен Caps Lock пернесін тексеріп, PIN-кодты асықпай қайта енгізіңіз: әрекет қалмаса, токен бұғатталады.
err-pin-locked = Токеннің PIN-коды бұғатталған: тым көп рет қате енгізілді.
rec-pin-locked = Оны токен өндірушісінің бағдарламасында әкімші PIN-кодымен (PUK) ашыңыз немесе токенді берген жерге жүгініңіз. Ештеңеге қол қойылған жоқ.
err-pin-expired = Токеннің PIN-кодының мерзімі өтіп кеткен.
rec-pin-expired = Токен өндірушісінің бағдарламасында PIN-кодты ауыстырып, қайталаңыз.
err-pin-not-initialised = Токеннің PIN-коды әлі бірде-бір рет орнатылмаған.
rec-pin-not-initialised = Токен өндірушісінің бағдарламасында PIN-код орнатыңыз немесе токенді берген жерге жүгініңіз.
err-pin-length = Бұл токен үшін PIN-код тым қысқа немесе тым ұзын.
rec-pin-length = Әрекет жұмсалған жоқ. Бағдарламаның не компьютердің құпиясөзін емес, токеннің өз PIN-кодын енгізіңіз.
err-pin-last-try = PIN-кодты енгізуге соңғы әрекет қалды.
rec-pin-last-try = Алдымен PIN-кодтың дұрыстығына көз жеткізіңіз. Тағы қате болса, токен бұғатталады. Соңғы әрекетті растағаннан кейін ғана жалғастырыңыз.
err-pin-required = Токенге PIN-код керек, бірақ ол енгізілмеді.
rec-pin-required = Қайта мақұлдап, PIN-кодты енгізіңіз.
err-pin-cancelled = Оқырманда PIN-код енгізуден бас тартылды.
rec-pin-cancelled = Ештеңеге қол қойылған жоқ. Қайта мақұлдап, PIN-кодты оқырманда енгізіңіз.
err-pin-timed-out = PIN-код оқырманда уақытында енгізілмеді.
rec-pin-timed-out = Ештеңеге қол қойылған жоқ. Қайта мақұлдап, оқырман сұрағанда PIN-кодты енгізіңіз.
err-pin-not-sent-again = Токен бапталған PIN-кодты бұрын қабылдамаған, сондықтан ол қайта жіберілмеді.
rec-pin-not-sent-again = Ештеңеге қол қойылған жоқ, әрекет жұмсалмады. Дұрыс PIN-кодты конфигурация немесе --pin-source көрсеткен жерге жазыңыз немесе сұраққа өзіңіз жауап беріңіз. Ол файл болмаса (env:, systemd құпиясы, кілттер қоймасы), бір рет өзіңіз қол қойыңыз немесе басқа атау алыңыз: ондағы өзгеріс көрінбейді.
err-token-absent = { $token ->
    [none] Токен салынбаған.
   *[other] «{ $token }» токені салынбаған.
}
rec-token-absent = Токенді салыңыз. Ол салынған болса, суырып, бірнеше секунд күтіп, қайта салыңыз; содан кейін «tokensign doctor» қараңыз.
err-token-removed = { $token ->
    [none] Жұмыс кезінде токен суырылды.
   *[other] Жұмыс кезінде «{ $token }» токені суырылды.
}
rec-token-removed = Оны қайта салыңыз. Қол қойылғаны сақталды, қалғаны PIN-код енгізілген соң жалғасады.
err-token-busy = { $token ->
    [none] Токенді басқа бағдарлама пайдаланып жатыр.
   *[other] { $holder ->
        [none] «{ $token }» токенін басқа бағдарлама пайдаланып жатыр.
       *[other] «{ $token }» токенін басқа бағдарлама ({ $holder }) пайдаланып жатыр.
    }
}
rec-token-busy = Токенмен жұмыс істеп тұрған басқа бағдарламаны жауып, қайталаңыз. Оны таба алмасаңыз, жұмысын аяқтағанша күтіңіз немесе токенді суырып, қайта салыңыз.
err-driver-missing = { $token ->
    [none] Токен салынған, бірақ оның драйвері орнатылмаған.
   *[other] «{ $token }» токені салынған, бірақ оның драйвері орнатылмаған.
}
rec-driver-missing = { $install ->
    [none] Токен өндірушісінің драйверін орнатып, қайталаңыз. Ол әдеттен тыс жерде жатса, «tokensign modules add» арқылы көрсетіңіз.
   *[other] Орнатыңыз: { $install }. Содан кейін қайталаңыз. Драйвер әдеттен тыс жерде жатса, «tokensign modules add» арқылы көрсетіңіз.
}
err-token-cannot-sign = { $token ->
    [none] Бұл токен тек басқа бағдарламалардың кілттерін сақтайды, өзі қол қоя алмайды.
   *[other] «{ $token }» токені тек басқа бағдарламалардың кілттерін сақтайды, өзі қол қоя алмайды.
}
rec-token-cannot-sign = { $install ->
    [none] Кілтті жазған бағдарламаны немесе өзі қол қоятын токенді пайдаланыңыз.
   *[other] Кілтті жазған бағдарламаны орнатыңыз ({ $install }) немесе өзі қол қоятын токенді алыңыз.
}
err-token-not-seen = { $module ->
    [none] Токен салынған, бірақ драйвер оны көрмейді.
   *[other] Токен салынған, бірақ { $module } драйвері оны көрмейді.
}
rec-token-not-seen = Токенді суырып, бірнеше секунд күтіп, қайта салыңыз. Көмектеспесе, драйвердің соңғы нұсқасын орнатыңыз.
err-card-unknown = { $reader ->
    [none] Оқырманда бірде-бір драйвер қолдамайтын карта тұр.
   *[other] { $reader } оқырманында бірде-бір драйвер қолдамайтын карта тұр.
}
rec-card-unknown = Карта өндірушісінің драйверін орнатып, оның файлын «tokensign modules add» арқылы көрсетіңіз. Көп картаны OpenSC қолдайды.
err-card-mute = { $reader ->
    [none] Карта оқырманға жауап бермейді.
   *[other] { $reader } оқырманындағы карта жауап бермейді.
}
rec-card-mute = Картаны суырып, дұрыс жағымен салыңыз, түйіспелерін сүртіңіз. Сонда да жауап бермесе, карта немесе оқырман ақаулы.
err-key-not-found = Токенде бұл сертификаттың кілті жоқ.
rec-key-not-found = Бұл сол токен екенін тексеріңіз. Кілт жойылған болса, жаңа сертификат шығару керек.
err-token-error = { $ckr ->
    [none] Токен қатемен жауап берді.
   *[other] Токен қатемен жауап берді ({ $ckr }).
}
rec-token-error = Токенді суырып, қайта салып, қайталаңыз. Қайталана берсе, қатенің атауын токен өндірушісінің қолдау қызметіне айтыңыз.
err-signature-invalid = Токен берген қолтаңба тексеруден өтпейді.
rec-signature-invalid = Ол алып тасталды, ештеңе жіберілген жоқ. Қайталаңыз; тағы болса, токен немесе оның драйвері ақаулы.
err-timestamp-failed = { $host ->
    [none] Уақыт белгісі қызметі жарамды белгі бермеді.
   *[other] { $reason ->
        [none] { $host } уақыт белгісі қызметі жарамды белгі бермеді.
       *[other] { $host } уақыт белгісі қызметі жарамды белгі бермеді: { $reason }.
    }
}
rec-timestamp-failed = Қолтаңба жасалды және сақталды, PIN-код қайта қажет болмайды. Байланысты және конфигурациядағы қызмет мекенжайын тексеріп, «tokensign jobs retry» орындаңыз.
err-module-missing = { $path ->
    [none] Токен драйвері (PKCS#11 модулі) табылмады.
   *[other] Токен драйвері (PKCS#11 модулі) табылмады: { $path }.
}
rec-module-missing = Токен өндірушісінің драйверін орнатыңыз немесе баптаудағы жолды түзетіңіз. Не ізделгенін «tokensign modules list» көрсетеді.
err-module-unusable = { $module ->
    [none] Токен драйверін (PKCS#11 модулін) пайдалануға болмайды.
   *[other] { $reason ->
        [none] { $module } токен драйверін пайдалануға болмайды.
       *[other] { $module } токен драйверін пайдалануға болмайды: { $reason }.
    }
}
rec-module-unusable = Драйверді осы жүйеге және оның разрядтылығына сай қайта орнатыңыз. Оның файлы сізге немесе әкімшіге тиесілі болуы, ал басқа ешкімнің оны өзгертуге құқығы болмауы керек.
err-module-crashed = { $module ->
    [none] Токен драйвері (PKCS#11 модулі) апатты түрде тоқтады.
   *[other] { $module } токен драйвері апатты түрде тоқтады.
}
rec-module-crashed = tokensign жұмысын жалғастырып, драйверді қайта іске қосады. Қол қойылғаны сақталды, қалғанын қайта мақұлдаңыз. Қайталана берсе, драйверді жаңартыңыз.
err-module-hung = { $module ->
    [none] Токен драйвері (PKCS#11 модулі) жауап бермейді.
   *[other] { $module } токен драйвері жауап бермейді.
}
rec-module-hung = Ол тоқтатылды. Токенді суырып, қайта салып, қайталаңыз. Қайталана берсе, драйверді жаңартыңыз.
err-module-quarantined = { $module ->
    [none] Токен драйвері (PKCS#11 модулі) тым жиі істен шығып, шетке қойылды.
   *[other] { $module } токен драйвері тым жиі істен шығып, шетке қойылды.
}
rec-module-quarantined = Драйверді жаңартып, «tokensign modules release» арқылы қайтарыңыз.

## iDocs және MIG24

err-profile-unknown = { $profile ->
    [none] Мұндай сервис профилі жоқ.
   *[other] «{ $profile }» сервис профилі жоқ.
}
rec-profile-unknown = Атауын тексеріңіз. Профильдер баптауда [idocs.атауы] және [mig24.атауы] түрінде тұрады.
err-not-configured = { $key ->
    [none] Сұралған нәрсе мұнда бапталмаған.
   *[other] Сұралған нәрсе мұнда бапталмаған: { $key } параметрі жоқ.
}
rec-not-configured = Оны баптауда көрсетіп, агентті қайта іске қосыңыз да, сұрауды қайталаңыз.
err-service-token-missing = { $profile ->
    [none] Сервиске кіру кілті жоқ немесе оқылмайды.
   *[other] «{ $profile }» профилінің кіру кілті жоқ немесе оқылмайды.
}
rec-service-token-missing = Кілтті сервис баптауынан алып, профильде көрсетілген жерге қойыңыз. Кілт жазылған файлды тек сіз оқи алуыңыз керек (chmod 600).
err-service-unauthorised = { $profile ->
    [none] Сервис кіру кілтін қабылдамайды.
   *[other] Сервис «{ $profile }» профилінің кіру кілтін қабылдамайды.
}
rec-service-unauthorised = Кілттің мерзімі өткен немесе ол ауыстырылған. Сервис баптауынан жаңасын алып, «tokensign jobs retry» орындаңыз.
err-service-billing = Сервистің төленген тарифі аяқталды.
rec-service-billing = Сервисте тарифті төлеп, «tokensign jobs retry» орындаңыз. Қайта қол қоюдың қажеті жоқ.
err-service-wrong-environment = { $host ->
    [none] Сервистің мекенжайы мен қол жеткізу кілті әртүрлі орталарға жатады.
   *[other] { $host } — қол жеткізу кілті берілген сервис емес.
}
rec-service-wrong-environment = Сынақ кілті тек сынақ мекенжайында жұмыс істейді. Профильдің base_url мен token мәндерін салыстырып, «tokensign jobs retry» орындаңыз.
err-service-refused = { $reason ->
    [none] Сервис сұраудан бас тартты.
   *[other] Сервис сұраудан бас тартты: { $reason }
}
rec-service-refused = Сервис айтқанды сол жерде түзетіп, қайта бастаңыз. Ештеңе екі рет жіберілген жоқ.
err-service-failed = { $service_status ->
    [none] Сервисте қате болды.
   *[other] Сервисте қате болды (коды { $service_status }).
}
rec-service-failed = Бұл сервис жағында. Қайталауға қауіпсізін tokensign өзі қайталайды; әйтпесе кейінірек «tokensign jobs retry» орындаңыз.
err-service-unreadable = Сервистің жауабын түсіну мүмкін емес.
rec-service-unreadable = Көбіне сервистің орнына прокси немесе техникалық жұмыстар беті жауап береді. Профильдегі мекенжайды тексеріп, «tokensign jobs retry» орындаңыз.
err-service-unreachable = { $host ->
    [none] Сервиспен байланыс жоқ.
   *[other] { $host } сервисімен байланыс жоқ.
}
rec-service-unreachable = Интернет байланысы мен проксиді тексеріңіз. tokensign өзі қайталап көреді.
err-service-timeout = { $host ->
    [none] Сервис уақытында жауап бермеді.
   *[other] { $host } сервисі уақытында жауап бермеді.
}
rec-service-timeout = tokensign алдымен сервистен сұраудың жеткенін сұрайды, сондықтан ештеңе екі рет болмайды. Күтіңіз немесе кейінірек «tokensign jobs retry» орындаңыз.
err-service-uncertain = Сервистің сұрауды орындаған-орындамағанын білу мүмкін емес.
rec-service-uncertain = Құжатты сервистің өзінен қарап, не болғанын айтыңыз: беттегі «Тапсырмалар» бөлімінде немесе «tokensign jobs settle» командасын --happened (болды) не --did-not (болмады) белгісімен орындап. Оған дейін ештеңе қайталанбайды.
err-ticket-missing = iDocs қайта жіберуден қорғайтын талон бермеді.
rec-ticket-missing = Ештеңеге қол қойылған жоқ, PIN-код сұралған жоқ. Кейінірек көріңіз; қайталана берсе, iDocs қолдау қызметіне хабарлаңыз.
err-download-foreign-host = { $host ->
    [none] Сервистің жүктеу сілтемесі бөтен мекенжайға апарады.
   *[other] Сервистің жүктеу сілтемесі бөтен мекенжайға апарады ({ $host }).
}
rec-download-foreign-host = Кіру кілті ол жаққа жіберілген жоқ, ештеңеге қол қойылған жоқ. Мекенжай дұрыс болса, оны профильдің download_hosts тізіміне қосыңыз.
err-signer-mismatch = { $reason ->
    [none] Сертификат қол қоюға тиіс қызметкерге немесе ұйымға тиесілі емес.
   *[other] Сертификат қол қоюға тиіс тұлғаға тиесілі емес: { $reason }.
}
rec-signer-mismatch = Қол қоятын қызметкердің осы ұйымға шығарылған сертификатын таңдаңыз.
err-employee-unknown = { $reason ->
    [none] Сертификат бойынша қол қоятын қызметкерді анықтау мүмкін емес.
   *[other] Сертификат бойынша қол қоятын қызметкерді анықтау мүмкін емес: { $reason }.
}
rec-employee-unknown = Сервисте қызметкердің ЖСН-і сертификаттағымен бірдей екенін тексеріңіз немесе сұрауда қызметкерді атаңыз.
err-content-changed = Құжат сіз көргеннен кейін өзгерді.
rec-content-changed = Ештеңе жіберілген жоқ. Қайта бастап, жаңа нұсқасын қарап, қайта шешіңіз.
err-prepare-unusable = { $reason ->
    [none] MIG24 берген бақылау сомаларының тізімін пайдалануға болмайды.
   *[other] MIG24 берген бақылау сомаларының тізімін пайдалануға болмайды: { $reason }.
}
rec-prepare-unusable = Ештеңеге қол қойылған жоқ. Құжаттардың пакеттер тобында бар екенін тексеріп, қайта бастаңыз; қайталана берсе, MIG24 қолдау қызметіне хабарлаңыз.

## Агент

err-config-invalid = { $path ->
    [none] { $reason ->
        [none] Баптауда қате бар.
       *[other] Баптауда қате бар: { $reason }
    }
   *[other] { $reason ->
        [none] { $path } баптау файлында қате бар.
       *[other] { $path } баптау файлында қате бар: { $reason }
    }
}
rec-config-invalid = Көрсетілген жерді түзетіп, қайта іске қосыңыз.
err-store-failed = { $path ->
    [none] tokensign өз дерекқорын оқи немесе жаза алмайды.
   *[other] tokensign { $path } ішіндегі өз дерекқорын оқи немесе жаза алмайды.
}
rec-store-failed = Дискіде орын бар екенін және каталогтың сізге тиесілі екенін тексеріңіз. Толығырақ «tokensign doctor» көрсетеді.
err-store-damaged = tokensign дерекқоры зақымдалған. Ол өзгертілген жоқ.
rec-store-damaged = Алдымен tokensign күй каталогының көшірмесін жасаңыз. Содан кейін оны сақтық көшірмеден қайтарыңыз немесе басқа жерге жылжытыңыз: tokensign бос дерекқордан бастайды, ал күтіп тұрғанның бәрін қайта сұрау керек болады. Дискіні тексеріңіз.
err-store-newer = Дерекқорды tokensign-ның жаңарақ нұсқасы жазған.
rec-store-newer = Сол нұсқаны немесе одан жаңасын орнатыңыз. Дерекқор сол күйінде қалдырылды.
err-audit-broken = Шешімдер мен қолтаңбалар журналы сырттан өзгертілген{ $entry ->
    [none] .
   *[other] : { $entry }-жазба сәйкес келмейді.
}
rec-audit-broken = Дерекқордың көшірмесін сол күйінде сақтап, оны сақтық көшірмемен және жүйелік журналдағы бақылау нүктелерімен салыстырыңыз.
err-agent-running = tokensign іске қосылып тұр.
rec-agent-running = Жұмыс істеп тұрған агентті пайдаланыңыз: оны «tokensign status» табады. Екі агент бір дерекқорды бөлісе алмайды.
err-agent-unreachable = tokensign іске қосылмаған немесе жауап бермейді.
rec-agent-unreachable = Оны «tokensign serve» арқылы іске қосып, қайталаңыз.
err-port-taken = { $port ->
    [none] Портты басқа бағдарлама пайдаланып тұр.
   *[other] { $port } портын басқа бағдарлама пайдаланып тұр.
}
rec-port-taken = --listen арқылы басқа порт таңдаңыз немесе оны көрсетпеңіз: сонда tokensign бос портты өзі табады.
err-disk-full = Дискіде бос орын қалмады.
rec-disk-full = Орын босатып, «tokensign jobs retry» орындаңыз. Қол қойылғаны сақталды.
err-verification-failed = { $reason ->
    [none] Қолтаңба тексеруден өтпейді.
   *[other] Қолтаңба тексеруден өтпейді: { $reason }.
}
rec-verification-failed = Құжат не қолтаңба өзгертілген немесе олар бір-біріне тиесілі емес. Екеуін де жіберушіден қайта алыңыз.
err-internal = tokensign ішінде болмауға тиіс жағдай болды.
rec-internal = Ештеңе екі рет жіберілген жоқ. Қайталаңыз; тағы болса, агент журналын әзірлеушілерге беріңіз. Онда PIN-код та, құжаттар да жоқ.

## Сұрақтар, бетте және терминалда

ui-product = tokensign
ui-page-title = Қол қоюды мақұлдау
ui-question-sign = { $count ->
    [one] { $count } құжатқа қол қоясыз ба?
   *[other] { $count } құжатқа қол қоясыз ба?
}
ui-question-remote = { $count ->
    [one] Сервиске құжатқа қол қоюды тапсыру керек пе?
   *[other] Сервиске { $count } құжатқа қол қоюды тапсыру керек пе?
}
ui-question-authenticate = Сертификатыңызбен кіресіз бе?
ui-question-choose = Қай сертификатты пайдаланамыз?
ui-question-pair = Бұл бағдарламаны қосасыз ба?
ui-action = Не сұралады
ui-action-sign = Электрондық қолтаңба
ui-action-authenticate = Кіру (бұл құжатқа қол қою емес)
ui-who = Кім сұрайды
ui-caller-owner = Сіз, командалық жолдан
ui-caller-verified = жүйе растаған
ui-caller-unverified = өз сөзі бойынша
ui-origin = Сайт
ui-process = Процесс
ui-documents = Құжаттар
ui-documents-count = { $count ->
    [one] { $count } құжат
   *[other] { $count } құжат
}
ui-document = Құжат
ui-reference = Бағдарламадағы нөмірі
ui-size = Көлемі
ui-size-bytes = { $count ->
    [one] { $count } байт
   *[other] { $count } байт
}
ui-size-kb = { $size } КБ
ui-size-mb = { $size } МБ
ui-size-gb = { $size } ГБ
ui-media-type = Түрі
ui-digest = Бақылау сомасы
ui-digest-unseen = Мазмұнын көрсету мүмкін емес: бағдарлама құжаттың бақылау сомасын ғана жіберді
ui-expires-soon = { $count ->
    [one] { $count } күннен кейін мерзімі бітеді, алдын ала ұзартыңыз
   *[other] { $count } күннен кейін мерзімі бітеді, алдын ала ұзартыңыз
}
ui-kind-bare-content = Қол қойылған атрибуттарсыз қол қойылады: уақыт та, сертификат та қол қойылатын деректерге кірмейді
ui-kind-foreign-attributes = Сіз сервис осы құжаттың айналасында құрған атрибуттарға қол қоясыз; tokensign олардың құжатты және сіздің сертификатыңызды атайтынын тексерді
ui-kind-foreign-attributes-digest = Сіз сервис құрған атрибуттардың бақылау сомасына қол қоясыз; олардың қай құжатқа қатысты екенін tokensign көрмейді
ui-entries = Ішінде
ui-search = Іздеу
ui-show-all = Барлығын көрсету
ui-copy = Көшіру
ui-copied = Көшірілді
ui-certificate = Сертификат
ui-certificate-change = Басқа сертификат
ui-common-name = Кімге берілген
ui-organisation = Ұйым
ui-iin = ЖСН
ui-bin = БСН
ui-inn = ИНН
ui-inn-le = Ұйымның ИНН-і
ui-ogrn = ОГРН
ui-snils = СНИЛС
ui-issuer = Кім берген
ui-serial = Нөмірі
ui-valid-from = Басталуы
ui-valid-until = Аяқталуы
ui-key-type = Кілт
ui-fingerprint = Саусақ ізі
ui-token = Токен
ui-purpose = Мақсаты
ui-purpose-signature = қол қою
ui-purpose-authentication = кіру
ui-purpose-encryption = шифрлау
ui-usable = Жарамды
ui-yes = иә
ui-no = жоқ
ui-destination = Қайда жіберіледі
ui-destination-none = Қолтаңба сұраған бағдарламаға қайтарылады
ui-service-idocs = iDocs
ui-service-mig24 = ЭДО.МИГ24
ui-profile = Профиль
ui-host = Мекенжай
ui-counterparty = Контрагент
ui-effect = Содан кейін не болады
ui-effect-idocs-send = Құжат iDocs ішінде жасалып, қол қойылып, контрагентке жіберіледі
ui-effect-idocs-sign = Қолтаңба iDocs ішінде сақталып, құжат бағыты бойынша әрі қарай кетеді
ui-effect-mig24-send = Пакеттер тобы ЭДО.МИГ24 ішінде жасалып, қол қойылып, алушыға жіберіледі
ui-effect-mig24-sign = Қолтаңбалар тапсырылып, пакеттер тобы жіберіледі
ui-effect-mig24-remote = ЭДО.МИГ24 пакеттер тобына өзі қол қойып, алушыға жібереді. Сіздің токеніңіз пайдаланылмайды
ui-effect-mig24-link = ЭДО.МИГ24 қызметкерге сілтеме жібереді; ол қол қойғаннан кейін алушыға жөнелтіледі. Сіздің токеніңіз пайдаланылмайды
ui-irreversible = Мұны кері қайтару мүмкін емес.
ui-power-of-attorney = Сенімхат (МЧД)
ui-signer = Қол қоятын
ui-signer-employee-certificate = сервисте сақталатын осы қызметкердің сертификатымен
ui-signer-employee-link = қызметкер сілтеме алып, сол арқылы қол қояды
ui-signer-container = сервисте сақталатын осы атаулы контейнердегі кілтпен
ui-kpp = КПП
ui-comment = Түсініктеме
ui-container = Контейнер
ui-operator = Оператор
ui-abonent = Абонент коды
ui-signature-file = Қолтаңба файлы
ui-reading = Былай оқылды
ui-agrees-with-file = Файлмен сәйкес келеді
ui-queue-off = Бұл профильде кезектер жоқ: оқиғаларды алу үшін [mig24.атауы.queue] орнатыңыз.
ui-queue-connecting = Кезектер қосылмаған, әрекет қайталануда.
ui-queue-connected = Кезектер қосылды.
ui-topic-counterparties = контрагенттер
ui-topic-packages = пакеттер
ui-topic-visualisation = визуализация
ui-topic-unknown = белгісіз кезек
ui-event-set-aside = шетке қойылды: { $reason }
ui-pin = Токеннің PIN-коды
ui-pin-enter = Токеннің PIN-кодын енгізіңіз
ui-pinpad = PIN-кодты оқырманда енгізіңіз
ui-pin-not-needed = PIN-код керек емес
ui-pin-low = PIN-код бұрын қате енгізілген. Мұқият болыңыз.
ui-pin-final-try = Бұл соңғы әрекет. PIN-код қате болса, токен бұғатталады.
ui-pin-confirm-last-try = PIN-код дұрыс, соңғы әрекетті пайдаланамын
ui-pin-locked = PIN-код бұғатталған
ui-tries-left = { $count ->
    [one] { $count } әрекет қалды
   *[other] { $count } әрекет қалды
}
ui-approve = Мақұлдау
ui-refuse = Бас тарту
ui-disconnect = Бұл бағдарламаны ажырату
ui-disconnect-question = «{ $name }» әлі күтіп тұрған барлық сұрау күшін жояды; бағдарламаны қайта қоспайынша, ол ештеңе сұрай алмайды.
ui-disconnect-yes = Бас тарту және ажырату
ui-disconnected-program = Қосылым тоқтатылды
ui-choose = Таңдау
ui-deadline = Жауап беру мерзімі
ui-time-left = { $count ->
    [one] { $count } секунд қалды
   *[other] { $count } секунд қалды
}
ui-minutes-left = { $count ->
    [one] { $count } минут қалды
   *[other] { $count } минут қалды
}
ui-pair-compare = Бағдарлама дәл осы алты цифрды көрсетсе ғана қосыңыз
ui-pair-code = Цифрлар
ui-permissions = Оған рұқсат етіледі
ui-permission-sign = сізден қолтаңба сұрау
ui-permission-authenticate = сізден кіруді сұрау
ui-permission-certificates = токендеріңіз бен сертификаттарыңызды көру
ui-permission-verify = қолтаңбаларды тексеру
ui-permission-raw-hash = tokensign көрмейтін құжаттарға қолтаңба сұрау
ui-permission-questions = алдыңызда бірден { $count } сұраққа дейін қою
ui-permission-service-read = { $service } ішінде оқу ({ $profile } профилі)
ui-permission-service-draft = { $service } ішінде құжат дайындау ({ $profile } профилі)
ui-permission-service-submit = қол қойылған құжаттарды { $service } сервисіне жіберу ({ $profile } профилі), әрқайсысы сіздің мақұлдауыңызбен
ui-permission-service-delete = { $service } ішінде құжат жою ({ $profile } профилі)
ui-permission-service-counterparties = { $service } ішінде контрагенттер мен шақыруларды оқу ({ $profile } профилі)
ui-any-profile = кез келген
ui-state = Күйі
ui-state-waiting = сізді күтіп тұр
ui-state-working = орындалуда
ui-state-closed = жабылды
ui-state-running = орындалуда
ui-state-finished = дайын
ui-state-failed = сәтсіз аяқталды
ui-state-refused = бас тартылды
ui-state-cancelled = күші жойылды
ui-state-stopped = тоқтады, қарап шығыңыз
ui-state-signed = қол қойылды
ui-state-uncertain = нәтижесі белгісіз
ui-state-routed = маршруты бар
ui-waiting-for-person = шешіміңізді күтуде
ui-no-prompter = күтуде, бірақ сұрақты көрсететін жер жоқ: бетті немесе терминалды ашыңыз
ui-waiting-for-token = токенді күтуде
ui-waiting-for-token-named = «{ $token }» токенінің салынуын күтуде
ui-waiting-for-service = сервисті күтуде; { $time } қайта сұрайды
ui-waiting-to-retry = { $time } қайталайды
ui-token-present = салынған
ui-token-locked = PIN-код бұғатталған
ui-token-absent = салынбаған
ui-questions-none = Жауабыңызды күтіп тұрған ештеңе жоқ. Әр жаңа сұрау осы бетте көрінеді.
ui-questions-count = { $count ->
    [one] Жауабыңызды { $count } сұрау күтіп тұр
   *[other] Жауабыңызды { $count } сұрау күтіп тұр
}
ui-working = Токен қол қойып жатыр. Оны суырмаңыз.
ui-done = Дайын
ui-signed = { $count ->
    [one] { $count } құжатқа қол қойылды
   *[other] { $count } құжатқа қол қойылды
}
ui-refused = Бас тартылды. Ештеңеге қол қойылған жоқ.
ui-closed-elsewhere = Бұл сұрауға басқа жерде жауап берілді немесе ол енді керек емес.
ui-connected = tokensign-мен байланыс бар
ui-disconnected = tokensign-мен байланыс үзілді. Ол өзі қалпына келеді.
ui-session-ended = Бұл беттің сеансы аяқталды.
ui-notification = Сұрау шешіміңізді күтіп тұр.
ui-notification-open = Көрсету
ui-enter-title = Бұл бет бір реттік сілтемемен ашылады
ui-enter-advice = Осы компьютердің терминалында теріңіз:
ui-enter-command = tokensign open
ui-link-used = Сілтеме пайдаланылып қойған немесе оған бір минуттан көп уақыт өткен.
ui-tokens = Токендер
ui-tokens-none = Токен салынбаған
ui-certificates = Сертификаттар
ui-certificates-none = Сертификаттар жоқ
ui-applications = Қосылған бағдарламалар
ui-applications-none = Бірде-бір бағдарлама қосылмаған
ui-revoke = Қосылымды тоқтату
ui-rename = Атын өзгерту
ui-new-name = Жаңа атау
ui-save = Сақтау
ui-cancel = Бас тарту
ui-jobs = Тапсырмалар
ui-jobs-none = Ештеңе жоқ
ui-lock = Бұғаттау
ui-locked = Бұғатталды. Есте сақталған барлық рұқсаттар тоқтады.
ui-grant-documents-any = tokensign көретін кез келген құжат
ui-grant-documents-digest = құжаттарын tokensign көрмейтін хештер
ui-grant-signatures = Қолтаңбалар
ui-grant-uses = { $most } ішінен { $used } пайдаланылды
ui-grant-until = Дейін
ui-language = Тіл
ui-details = Толығырақ
ui-error = Қате
ui-what-to-do = Не істеу керек
ui-last-used = Соңғы рет
ui-connected-by = Қосқан
ui-connected-by-administrator = әкімші
ui-executable = Бағдарлама файлы
ui-created = Жасалған
ui-time = Уақыты
ui-id = Идентификатор
ui-name = Атауы
ui-kind = Түрі
ui-kind-signature = қол қою
ui-kind-idocs-quick-sign = iDocs ішінде қол қою
ui-kind-mig24-package-group = ЭДО.МИГ24 ішінде қол қою
ui-kind-mig24-remote-signature = ЭДО.МИГ24 қоятын қолтаңба
ui-kind-idocs-send = iDocs ішінде жіберу
ui-kind-idocs-bulk-sign = iDocs ішінде көп құжатқа қол қою
ui-kind-idocs-bulk-send = iDocs ішінде көп файл жіберу
ui-kind-idocs-draft = iDocs ішінде жоба жасау
ui-kind-idocs-route = iDocs ішінде маршруттар жасау
ui-kind-idocs-download = iDocs ішінен құжаттар алу
ui-kind-mig24-removal = ЭДО.МИГ24 жүйесінде жою
ui-kind-mig24-send = ЭДО.МИГ24 ішінде жіберу
ui-steps = Қадамдар
ui-attempts = Әрекеттер
ui-step-open = басталды
ui-step-done = орындалды
ui-step-failed = сәтсіз аяқталды
ui-step-uncertain = нәтижесі белгісіз
ui-reader-empty = бос
ui-reader-served = жұмыс істейді
ui-reader-held = басқа бағдарламада бос емес
ui-reader-mute = жауап бермейді
ui-reader-unavailable = қолжетімсіз
ui-reader-cannot-sign = өзі қол қоймайды
ui-reader-driver-missing = драйвері жоқ
ui-reader-not-seen = драйвер көрмейді
ui-reader-unknown = белгісіз карта
ui-reader = Оқырман
ui-origin-configured = баптауда
ui-origin-added = қосылған
ui-origin-profile = табылған
ui-origin-p11-kit = p11-kit бойынша
ui-module-ok = жұмыс істейді
ui-module-idle = әлі сұралған жоқ
ui-module-missing = табылмады
ui-module-unsafe = сенуге болмайды
ui-module-failed = жұмыс істемейді
ui-module-crashed = апатты түрде тоқтады
ui-module-quarantined = шетке қойылды
ui-pin-state-low = PIN-код қате енгізілген
ui-pin-state-final-try = бір әрекет қалды
ui-pin-state-locked = PIN-код бұғатталған
ui-pin-state-not-initialised = PIN-код орнатылмаған
ui-pin-state-to-be-changed = PIN-кодты ауыстыру керек
ui-pin-state-pinpad = PIN-код оқырманда енгізіледі

# Бет: құжаттарды орнында көрсету, есте сақтау, басқару
ui-close = Жабу
ui-preview-show = Мазмұнын көрсету
ui-preview-title = «{ $name }» мазмұны
ui-preview-content = Мазмұны
ui-preview-loading = Құжат көрсетуге дайындалып жатыр…
ui-preview-page = { $pages } беттің { $page }-беті
ui-preview-previous = Алдыңғы бет
ui-preview-next = Келесі бет
ui-preview-save = Көшірмесін сақтау
ui-preview-entries = { $count ->
    [one] Архивте { $count } файл бар
   *[other] Архивте { $count } файл бар
}
ui-preview-encrypted = құпиясөзі бар
ui-preview-truncated = Тек басы көрсетілген.
ui-preview-encoding = { $encoding } кодтауында оқылды.
ui-documents-unseen = { $count ->
    [one] { $count } құжаттың мазмұнын көрсету мүмкін емес
   *[other] { $count } құжаттың мазмұнын көрсету мүмкін емес
}
ui-documents-found = { $count ->
    [one] { $count } құжат табылды
   *[other] { $count } құжат табылды
}
ui-documents-search = Құжат атауларынан іздеу
ui-certificates-count = { $count ->
    [one] { $count } сертификат сәйкес келеді
   *[other] { $count } сертификат сәйкес келеді
}
ui-certificates-found = { $count ->
    [one] { $count } сертификат табылды
   *[other] { $count } сертификат табылды
}
ui-certificates-none-found = Іздегеніңізге сәйкес сертификат жоқ
ui-certificates-search = Иелері, ұйымдары және нөмірлері бойынша іздеу
ui-certificate-chosen = Таңдалғаны
ui-dialog = Экрандағы терезе де осыны сұрап тұр. Сонда немесе осында жауап беріңіз.
ui-dialog-pin = Экрандағы терезе де осыны сұрап тұр. PIN-кодты сонда немесе осында енгізіңіз.
ui-progress = { $all } құжаттың { $done } құжатына қол қойылды
ui-reversible = Мұны сервисте болдырмауға болады.
ui-process-parents = Іске қосқан
ui-days-left = { $count ->
    [one] { $count } күн қалды
   *[other] { $count } күн қалды
}
ui-remember = «{ $name }» бағдарламасына біраз уақыт сұрамай қол қоюға рұқсат беру
ui-remember-uses = Қанша қолтаңба
ui-remember-time = Қанша уақыт
ui-remember-ends = Тек осы сертификатпен. Токен суырылса, экран бұғатталса немесе компьютер ұйықтап кетсе, рұқсат бірден тоқтайды; оны кез келген сәтте «Бұғаттау» түймесі де тоқтатады.
ui-remember-any = Тек осындай емес, tokensign көретін кез келген құжат
ui-remember-documents-digest = tokensign көрмейтін құжаттар: бақылау сомасы бойынша
ui-remember-documents-any = tokensign көретін кез келген құжат
ui-remember-documents-type = { $type } түріндегі құжаттар
ui-hours = { $count ->
    [one] { $count } сағат
   *[other] { $count } сағат
}
ui-minutes = { $count ->
    [one] { $count } минут
   *[other] { $count } минут
}
ui-seconds = { $count ->
    [one] { $count } секунд
   *[other] { $count } секунд
}
ui-grants = Есте сақталған рұқсаттар
ui-grants-none = Ештеңе есте сақталмаған: әр қолтаңбаға сіздің мақұлдауыңыз керек
ui-grant-left = { $count ->
    [one] { $count } қолтаңба қалды
   *[other] { $count } қолтаңба қалды
}
ui-grant-end = Рұқсатты тоқтату
ui-job-retry = Қайталау
ui-job-cancel = Болдырмау
ui-job-steps = { $count ->
    [one] { $count } қадам
   *[other] { $count } қадам
}
ui-job-attempts = { $count ->
    [one] { $count } әрекет
   *[other] { $count } әрекет
}
ui-job-settle = Не болғанын айту
ui-job-settle-question = Бұл қадам немен аяқталды?
ui-job-settle-advice = Алдымен құжатты сервистің өзінен қараңыз. Жауабыңыз жазылып қалады, оны қайтарып алу мүмкін емес.
ui-job-settle-step = Қадам
ui-job-settle-yes = Растау
ui-job-happened = Орындалды: қадам аяқталған деп саналады
ui-job-did-not = Орындалмады: қадам қайта басталады
ui-job-result = Қадам бірдеңе жасаған болса, сервис берген идентификатор
ui-job-cancel-question = Бұл жұмыстан бас тартасыз ба? Бұдан әрі ештеңе жіберілмейді, оны жалғастыру мүмкін болмайды.
ui-job-cancel-yes = Иә, бас тарту
ui-job-remove-left = Қалғанын жою
ui-job-remove-question = Мұны сервисте жоясыз ба? Қайтару мүмкін болмайды.
ui-job-remove-yes = Иә, жою
ui-job-leave = Сол күйінде қалдыру
ui-left-behind = Сервисте қалды
ui-left-sent = жіберілді
ui-left-not-sent = жіберілмеді
ui-left-may-be-sent = жіберілгені белгісіз
ui-pair-refused = Бас тартылды. Бағдарлама қосылмады.
ui-paired = Бағдарлама қосылды
ui-logged-in = Кіру расталды
ui-lock-hint = Есте сақталған барлық рұқсаттар мен токендерге кірулерді тоқтатады
ui-module-release = Қайта байқап көру
ui-token-not-initialised = PIN-код орнатылмаған

## Командалық жол

cli-choose-prompt = Сертификаттың нөмірі (бос қалса — бас тарту):
cli-approve-prompt = Мақұлдайсыз ба? Мақұлдау үшін «иә», бас тарту үшін «жоқ» деп теріңіз:
cli-pin-prompt = PIN-код (көрінбейді; бос қалса — бас тарту):
cli-yes = иә
cli-no = жоқ
cli-last-try-prompt = Соңғы әрекетті пайдалану үшін «иә» деп теріңіз, басқа кез келген жауап — бас тарту:
cli-answer-unclear = «иә» немесе «жоқ» деп теріңіз.
cli-number-unclear = { $count ->
    [one] 1-ден { $count }-ге дейінгі санды теріңіз.
   *[other] 1-ден { $count }-ге дейінгі санды теріңіз.
}
cli-watching = Сұрауларды күтудемін. Аяқтау — Ctrl-C.
cli-token-plugged = Салынды: { $token } ({ $serial }), { $reader }
cli-token-pulled = Суырылды: { $token } ({ $serial })
cli-token-changed = Өзгерді: { $token } ({ $serial })
cli-reader-trouble = { $reader } оқырманы: { $problem }
cli-written = Жазылды: { $path }
cli-exists = { $path } бұрыннан бар; үстінен жазу үшін --force
cli-overwrite-prompt = { $path } файлы бар. Ауыстыру үшін «иә» деп жазыңыз:
cli-dry-run = Міне, не істелер еді. Ештеңе жіберілген жоқ, ештеңеге қол қойылған жоқ.
cli-call = Сұрау
cli-total = Барлығы: { $count }
cli-number = Нөмірі
cli-date = Күні
cli-position = Лауазымы
cli-email = Пошта
cli-link = Бұл сілтемені { $count ->
    [one] { $count } секунд
   *[other] { $count } секунд
} ішінде ашыңыз; ол бір рет қана жұмыс істейді:
cli-listening = tokensign дайын: { $address }
cli-verdict-valid = Қолтаңба дұрыс
cli-verdict-invalid = Қолтаңба дұрыс емес
cli-verdict-unknown = Қолтаңбаның дұрыс-бұрыстығын айту мүмкін емес
cli-verdict-valid-signer = дұрыс
cli-verdict-invalid-signer = дұрыс емес
cli-verdict-unknown-signer = белгісіз
reason-content-missing = Қол қойылған құжат берілмеген
reason-content-digest-mismatch = Құжат қол қойылғаннан кейін өзгертілген немесе бұл басқа құжат
reason-content-type-mismatch = Қолтаңба басқа түрдегі мазмұнға қойылған
reason-certificate-missing = Қолтаңбада қол қоюшының сертификаты жоқ
reason-certificate-hash-mismatch = Қолтаңба өз ішіндегіден басқа сертификатты атайды
reason-algorithm-unsupported = Қолтаңба алгоритмі немесе кілт ұзындығы қолдау таппайды
reason-algorithm-mismatch = Қолтаңба алгоритмі сертификат кілтіне сәйкес келмейді
reason-key-parameters = Қолтаңбаның хеші немесе тұзы сертификат кілті талап ететіндей емес
reason-signature-mismatch = Қолтаңба осы сертификаттың кілтімен жасалмаған немесе өзгертілген
reason-signature-layout = Қолтаңба дұрыс, бірақ байттарының реті басқа бағдарламалар қабылдамайтындай
reason-content-needed-whole = Мұндай қолтаңбаны құжат толығымен ішінде болғанда ғана тексеруге болады
reason-issuer-unknown = Сертификатты берген куәландырушы орталық мұнда белгісіз
reason-root-untrusted = Сертификат сенімділер қатарында жоқ түбірлік сертификатқа апарады
reason-certificate-signature = Тізбектегі сертификаттардың бірі берушісінің қолымен расталмаған
reason-issuer-not-authority = Тізбектегі сертификаттардың бірін беруге құқығы жоқ иесі берген
reason-certificate-expired = Қол қойылған сәтте сертификаттың мерзімі өтіп кеткен
reason-certificate-not-yet-valid = Қол қойылған сәтте сертификат әлі күшіне енбеген
reason-critical-extension = Сертификатта қолдау таппайтын міндетті ереже бар
reason-certificate-revoked = Сертификат қол қойылғанға дейін кері қайтарып алынған
reason-revocation-unknown = Сертификаттың кері қайтарылған-қайтарылмағанын білу мүмкін болмады
reason-timestamp-malformed = Уақыт белгісін оқу мүмкін емес
reason-timestamp-imprint = Уақыт белгісі басқа қолтаңбаға жасалған
reason-timestamp-signer = Уақыт белгісін уақыт белгісі қызметі қоймаған
cli-timestamps = Уақыт белгілері
cli-timestamp-valid = дұрыс
cli-timestamp-invalid = дұрыс емес
cli-timestamp-unknown = қызметіне сенім жоқ
cli-timestamped = { $count ->
    [one] { $count } уақыт белгісі қосылды
   *[other] { $count } уақыт белгісі қосылды
}
cli-signing-time = Қол қоюшының сағаты бойынша уақыт
cli-algorithm = Алгоритм
cli-started = Басталды
cli-waiting-elsewhere = Басқа жерде берілетін жауапты күтудемін
cli-revoked = Қосылым тоқтатылды
cli-grant-ended = Рұқсат тоқтатылды
cli-uploading = Жіберілуде
cli-signing = Қол қойылуда
cli-address = Мекенжай
cli-version = Нұсқасы
cli-prompters = Сұрақтар көрсетілетін жер
cli-uptime = Жұмыс уақыты
cli-unattended = АДАМСЫЗ қолданылады
cli-module = Драйвер
cli-origin = Қайдан
cli-module-added = Қосылды: { $path } ({ $description })
cli-module-removed = Алынды: { $path }
cli-model = Үлгісі
cli-permissions = Құқықтары
cli-never = ешқашан
cli-manufacturer = Өндіруші
cli-outcome = Нәтижесі
cli-next = Мүмкін әрекет
cli-jobs-more = Бұдан бұрынғылары: tokensign jobs list --before { $id }
cli-evidence-files = Қолтаңбалар мен олар қойылған құжаттар. Құжат профиль сақтаған уақытта ғана осында жатады; оның кез келген басқа көшірмесін қолтаңбадағы хеш растайды.
cli-evidence-check = Қолтаңбаны CA.pem ішіндегі куәландырушы орталық сертификаттарымен тексеріңіз (ГОСТ кілттері үшін OpenSSL бағдарламасына ГОСТ модулі керек):
cli-evidence-audit = job.json ішінде тапсырма барлық қадамдарымен және сервистегі нөмірлерімен; audit.json ішінде оның аудит журналындағы жазбалары, әрқайсысында тізбектің оған дейінгі хеші бар. Бүкіл тізбекті «tokensign audit verify» тексереді.
cli-not-running = Агент іске қосылмаған; ол керек кезде іске қосылады.
cli-audit-intact = { $count ->
    [one] Журнал бүтін: { $count } жазба.
   *[other] Журнал бүтін: { $count } жазба.
}
cli-check-ok = жақсы
cli-check-problem = қиындық бар
cli-doctor-directories = Каталогтар
cli-doctor-agent = Агент
cli-doctor-reader-service = Оқу құрылғыларының қызметі
cli-doctor-tokens = Токендер
cli-doctor-desktop = Жұмыс үстелі
cli-reader-service-ok = PC/SC қызметі жауап береді
cli-reader-service-absent = PC/SC қызметі (pcscd) жұмыс істемейді: смарт-карта оқу құрылғыларындағы токендер көрінбейді
cli-reader-service-hangs = PC/SC қызметі (pcscd) жауап бермейді: оны қайта іске қосыңыз
cli-reader-service-failed = PC/SC қызметі (pcscd) қате қайтарады: оны қайта іске қосыңыз
cli-agent-runs = жұмыс істеп тұр
cli-agent-startable = жұмыс істемейді, іске қосуға болады
cli-no-known-family = тобы белгісіз
cli-no-desktop = жұмыс үстелінің сеансы жоқ: сұрақтарға tokensign approve командасымен жауап беріледі

## Why: reasons as they are written in English where they arise (messages/reasons.rs). They are put in where an error has { $reason }, without a full stop.

why-missing = көрсетілмеген
why-empty = бос
why-given-twice = бірнеше рет берілген
why-names-twice = бір құжат екі рет аталған
why-comes-twice = { $item } екі рет кездеседі
why-unknown-field = бұл сұрауда мұндай өріс жоқ
why-wrong-value = мәніне рұқсат жоқ
why-expected = күтілгені — { $what }
why-expected-text = мәтін күтілген
why-expected-whole-number = бүтін сан күтілген
why-expected-yes-or-no = true (иә) немесе false (жоқ) күтілген
why-expected-list = тізім күтілген
why-expected-object = өрістері бар нысан күтілген
why-not-readable = оқу мүмкін емес: { $error }
why-not-json = { $file } — JSON емес: { $error }
why-no-json-object = файлда JSON нысаны жоқ
why-not-base64 = base64 түрінде емес
why-not-pem = { $file } — PEM түріндегі сертификат емес
why-not-absolute = { $path } — толық жол емес (толық жол «/» белгісінен басталады)
why-one-of = мыналардың бірі болуы керек: { $values }
why-range = 1 мен { $most } арасындағы сан керек
why-entries = жазбалар саны — 1 мен { $most } арасында
why-too-many = олардың саны { $most } шегінен асады
why-characters = таңбалар саны — 1 мен { $most } арасында
why-at-most-characters = таңбалар саны { $most } шегінен аспауы керек
why-visible-characters = таңбалар саны — 1 мен { $most } арасында, бос орынсыз, тек латын әріптері, цифрлар мен ASCII белгілері
why-file-bytes = файл көлемі — 1 мен { $most } байт арасында
why-bytes = { $most } байттан ұзын
why-twelve-digits = 12 цифр болуы керек
why-ten-or-twelve-digits = 10 немесе 12 цифр болуы керек
why-no-email = «{ $text }» — электрондық пошта мекенжайы емес
why-https-address = https:// деп басталатын мекенжай керек
why-one-is-enough = { $other } мәнімен бірге берілген; біреуі жеткілікті
why-does-not-go-with = { $other } мәнімен бірге көрсетуге болмайды
why-exactly-one-of = екеуінің дәл біреуі керек: { $first } немесе { $second }
why-request-part-missing = JSON бар бөлік жоқ
why-file-missing = кемінде бір файл керек
why-part-once = әр бөліктің өз атауы болуы керек
why-part-absent = сұрауда жоқ бөлік аталған
why-part-unnamed = бұл бөлік келген, бірақ сұрауда аталмаған
why-no-such-part = «{ $part }» файлы жоқ немесе екі рет аталған
why-file-unclaimed = «{ $part }» файлы ешбір құжатқа жатпайды
why-guid-in-one-place = GUID керек, оны бір ғана жерде көрсету керек
why-fixed-by-path = нөмір сұрау мекенжайында берілген, ол өзгермейді
why-not-in-list = тізімде мұндай тапсырма жоқ
why-unknown-prompter = бұл бағдарлама мұндай тәсілмен жауап бере алмайды
why-uri-without-module-path = PKCS#11 мекенжайында драйвер аталмаған: ?module-path=… қосыңыз
why-uri-without-module = PKCS#11 мекенжайында драйвер аталмаған: ?module-path=… немесе ?module-name=… қосыңыз
why-content-or-digest = мазмұны да, бақылау сомасы да жоқ
why-content-to-attach = мазмұны жоқ, ал ол қолтаңбаның ішіне кіруі керек
why-document-without-content = «{ $document }» құжаты мазмұнсыз келген
why-document-unknown = «{ $document }» құжатының мазмұны да, бақылау сомасы да жоқ
why-signed-attributes = «{ $document }» — құжат емес, қол қойылатын атрибуттар
why-add-to-detached = detached = false мәнімен бірге көрсетуге болмайды: мазмұны ішінде ме, оны бұрынғы қолтаңба айқындайды
why-add-to-needs-content = құжаттың мазмұны керек: бұрынғы қолтаңба сонымен салыстырылады
why-signer-without-attributes = ішіндегі қолтаңбалардың бірі қол қойылған атрибуттарсыз жасалған, оған тағы біреуін қосуға болмайды
why-not-over-document = бұл — құжаттың емес, басқа түрдегі мазмұнның қолтаңбасы
why-does-not-hold = қолтаңба жарамсыз: { $verdict }
why-signer-certificate-missing = қолтаңбада қол қоюшының сертификаты жоқ
why-has-every-timestamp = әр қолтаңбада уақыт белгісі бар
why-challenge-content = кіру сұрауы мазмұнымен бірге келуі керек
why-challenge-size = кіру сұрауы 16 КиБ-тан аспауы керек
why-one-challenge = бір кіруде бір ғана сұрауға қол қойылады
why-unknown-digest = бақылау сомасының мұндай алгоритмі белгісіз; белгілілері: sha256, sha384, sha512, streebog256 және streebog512
why-digest-encoding = бақылау сомасы он алтылық түрде де, base64 түрінде де жазылмаған
why-fingerprint-shape = саусақ ізі — 64 он алтылық цифр (сертификаттың SHA-256 мәні), қос нүктемен немесе онсыз
why-chosen-fingerprint = таңдалған сертификаттың саусақ ізін атау керек
why-no-candidate = ұсынылғандардың ішінде бұл сертификат жоқ
why-unfit-decision = бұл сұраққа бұлай жауап беруге болмайды
why-for-a-person = мұны тек адам шешеді
why-not-offered = бұл сұрау үшін шешімді есте сақтауға болмайды
why-unseen-contents = tokensign мазмұнын көрмейтін құжаттарға рұқсат беруге болмайды
why-route-kind = мұндай бағытта бұлай болмайды
why-station-needed = бағытта кемінде бір қатысушы керек
why-documents-or-inbox = құжаттарды атаңыз немесе inbox (кіріс) көрсетіңіз
why-same-number-and-name = екі құжаттың нөмірі мен атауы бірдей
why-mandate-of-container = тек контейнермен бірге көрсетіледі; қызметкердің сенімхаты оның карточкасында жазылған
why-organisation-needed = осында немесе профильде көрсету керек: сервис қызметкерлерді ұйым бойынша тізеді
why-step-needed = қадамды атаңыз: бірнеше қадамның нәтижесі белгісіз
why-result-needed = { $step } қадамында сервисте не пайда болғанын атаңыз
why-job-not-closed = тапсырма әлі аяқталған жоқ
why-left-nothing = тапсырма ештеңе қалдырған жоқ
why-was-there-before = бұл сервисте тапсырмадан бұрын да болған
why-may-have-been-sent = бұл жіберіліп қойған болуы мүмкін
why-may-be-signed = бұған қол қойылған болуы мүмкін
why-service-has-no-call = сервис мұндай жоюды білмейді
why-certificate-without-numbers = сертификатта БСН да, ЖСН да жоқ
why-certificate-without-iin = сертификатта ЖСН жоқ
why-iin-differs = сертификаттағы ЖСН — { $found }, ал қызметкердікі — { $expected }
why-no-employee = ұйымда { $employee } деген қызметкер жоқ
why-no-employee-with-iin = сертификаттағы { $iin } ЖСН ешбір қызметкерде жоқ
why-several-employees-with-iin = сертификаттағы { $iin } ЖСН бірнеше қызметкерде бар
why-partly-failed = { $all } құжаттың { $failed } орындалған жоқ; себебі әр құжатта көрсетілген
why-service-failed-at-it = құжатпен жұмыс кезінде сервисте қате болды
why-document-unseen = сервис { $document } құжатын бермейді, ал көрмей қол қоюға болмайды
why-list-empty = тізім жоқ немесе бос
why-list-too-deep = тізімнің ішкі деңгейлері тым көп
why-no-list = сервис жауабында тізім жоқ
why-item-without-id = нөмірі жоқ, ал басқаларында бар
why-item-twice = екі рет кездеседі
why-item-unreadable = жазбаны түсіну мүмкін емес
why-item-id = бұл құжаттың нөмірі емес
why-item-without-hash = бақылау сомасы жоқ
why-item-algorithm = { $algorithm } алгоритмі сертификат кілтіне сәйкес келмейді
why-item-other-hash = бақылау сомасы бұл файлдікі емес
why-item-hash-unclear = файлын алу мүмкін болмады, сондықтан соманың түрі белгісіз; профильде hash_kind көрсетіңіз
why-item-attributes-unchecked = файлын алу мүмкін болмады, сондықтан қол қойылатын атрибуттарды тексеруге болмайды
why-item-attributes = қол қойылатын атрибуттарында қате: { $error }
why-item-hash-encoding = бақылау сомасы base64 түрінде де, он алтылық түрде де жазылмаған
why-item-no-attributes = бұл қол қойылатын атрибуттар емес
why-no-file-fits = бұл үлгіге ешбір файл сәйкес келмейді
why-not-among-files = { $file } жіберілетін файлдардың ішінде жоқ
why-file-exists = { $file } бұрыннан бар; үстінен жазу үшін --force қосыңыз
why-directory-needed = бар папка керек
why-directory-for-several = бірнеше файл үшін бар папка керек
why-stdout-takes-one = экранға немесе арнаға бір ғана қолтаңба шығаруға болады
why-stdin-without-place = қолтаңба файлын атаңыз: кіріске берілген құжаттың өз орны жоқ
why-same-names = екі қолтаңба файлының атауы бірдей болып қалар еді
why-single-file = файл біреу болғанда ғана көрсетіледі
why-signature-over-one-file = қолтаңба бір ғана файлға қосылады
why-act-shape = НӨМІР:ӘРЕКЕТ керек, әрекеті — sign, approve, inform немесе reject
why-number-pattern = бірнеше файл үшін {"{n}"} немесе {"{name}"} керек, сонда әр құжаттың өз нөмірі болады
why-several-profiles = профиль бірнешеу, біреуін атаңыз: { $names }
why-profiles-known = баптауларда барлары: { $names }
why-no-profiles = баптауларда бірде-бір [{ $service }.…] профилі жоқ
why-detached-without-agent = --detach берілсе, жұмысты іске қосылған tokensign жүргізеді, ал ол іске қосылмаған
why-events-without-agent = оқиғаларды іске қосылған tokensign қабылдайды, ал ол іске қосылмаған
why-agent-ended = tokensign жұмысын аяқтады
why-no-loopback = ол браузерге арналған портсыз іске қосылған (endpoint.tcp = false)
why-no-terminal = бұйрық терминалсыз іске қосылған ({ $error })
why-pinentry-missing = pinentry бағдарламасы орнатылмаған (Debian: apt-get install pinentry-gtk2 немесе pinentry-curses)
why-no-home = пайдаланушының үй папкасы жоқ: HOME немесе XDG_STATE_HOME, не болмаса баптауларда agent.state_dir орнатыңыз
why-not-there = ол жоқ
why-not-permitted = құқық жоқ
why-is-directory = бұл — папка
why-no-directory = жолдың бір бөлігі папка емес
why-variable-unset = { $name } орта айнымалысы берілмеген
why-variable-encoding = { $name } орта айнымалысы UTF-8 түрінде емес
why-secret-unreadable = { $place } файлын оқу мүмкін емес: { $error }
why-secret-open = { $place } басқа пайдаланушыларға ашық; жабыңыз: chmod { $mode } { $path }
why-secret-encoding = { $place }: мазмұны UTF-8 түрінде емес
why-secret-empty = { $place }: бос
why-secret-lines = { $place }: бір жолдан артық немесе басқару таңбалары бар
why-secret-long = { $place }: { $most } байттан ұзын
why-keyring = құпиясөз қоймасы оны бермейді: { $error }
why-credential-name = «{ $name }» — systemd құпиясының атауы емес
why-credentials-directory = CREDENTIALS_DIRECTORY берілмеген: tokensign systemd арқылы LoadCredential= параметрімен іске қосылмаған
why-at-line = { $line }-жол: { $error }
why-setting = { $key }: { $error }
why-setting-relative = { $key } = { $path } — толық жол емес (толық жол «/» белгісінен басталады)
why-setting-zero = { $key } — 0, ал кемінде 1 керек
why-setting-language = { $key } = { $value }: мұндай тіл жоқ; барлары: en, kk және ru
why-setting-reachable = { $key } = { $address } сырттан қолжетімді, ал тек 127.0.0.1 немесе [::1] рұқсат етілген
why-setting-one-of = { $key } = { $value }: мыналардың бірі керек: { $known }
why-setting-fingerprint = { $key }: 64 он алтылық цифр керек (SHA-256)
why-setting-fingerprint-uri = { $key } — PKCS#11 мекенжайы: ертең онда басқа сертификат болуы мүмкін, оның SHA-256 мәнін көрсетіңіз (оны tokensign certs көрсетеді)
why-setting-unattended-only = { $key } тек unattended = true болғанда ғана күшінде
why-setting-origin-or-executable = { $key } ішінде дәл біреуі керек: origin (сайт) немесе executable (бағдарлама файлы)
why-setting-name = { $key } = { $value }: латын әріптері, цифрлар, - және _ рұқсат етіледі
why-profile-name = { $key } — профиль атауы емес: латын әріптері, цифрлар, - және _ рұқсат етіледі
why-setting-address = { $key } — мекенжай емес: { $error }
why-setting-https = { $key } https:// деп басталуы керек: кіру кілті сонда жіберіледі
why-setting-no-http = { $key } http:// немесе https:// деп басталуы керек
why-setting-no-host = { $key }: сервер аталмаған
why-setting-url-extras = { $key }: мекенжайда артық нәрсе бар — пайдаланушы аты, параметрлер немесе белгі
why-setting-most = { $key } { $most } шегінен асады
why-setting-seconds = { $key }: 0 мен { $most } секунд арасында болуы керек
why-setting-no-certificate = { $key }: файлда бірде-бір сертификат жоқ
why-setting-secret = { $key } үшін мекенжайда құпия (secret) керек
why-setting-timestamp-url = уақыт белгісі бар қолтаңбалар (cades-t) үшін { $key } керек
why-key-locked = { $key } мұнда өзгертуге болмайды: оны әкімші { $file } файлында бекіткен; бұл баптауды алып тастаңыз
why-modules-locked = драйверлер тізімін әкімші бекіткен: соған хабарласыңыз
why-lock-elsewhere = баптауларды тек { $directory } ішіндегі файлдар бекіте алады
why-applications-elsewhere = бағдарламаларды тек { $directory } ішіндегі файлдар қоса алады; [[applications]] алып тастаңыз
why-is-given-twice = бірнеше рет берілген
why-given-more-than-once = { $item } бірнеше рет берілген
why-no-email-alone = бұл электрондық пошта мекенжайы емес
why-disk-is-full = дискіде орын жоқ
why-read-only = диск тек оқуға ғана ашық
why-file-not-readable = { $file } файлын оқу мүмкін емес: { $error }
why-organisation-bin = сертификаттағы БСН — { $found }, ал ұйымның БСН — { $expected }
why-organisation-iin = сертификаттағы ЖСН — { $found }, ал ұйымның БСН — { $expected }
why-send-file-part = файл бар бөлік жоқ
why-event-without-document = оқиғада құжат аталмаған
why-no-content-to-attach = «{ $document }» құжатында қолтаңбаға кіретін мазмұн жоқ
why-one-to = 1 мен { $most } арасындағы сан керек
why-has-characters = таңбалар саны — 1 мен { $most } арасында
why-too-many-files = файлдар саны { $most } шегінен асады
why-one-of-languages = мыналардың бірі керек: ru, kk, en
why-no-cms = бұл CMS қолтаңбасы емес: { $error }
why-no-encoding = деректер DER, PEM немесе base64 түрінде емес
why-unknown-field-of = «{ $key }» деген баптау жоқ; барлары: { $known }
