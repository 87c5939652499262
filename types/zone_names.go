package types

// zoneNames lists the names of the IANA time zones in byte order, one a line.
// The standard library can load a zone by name but cannot list the names, and
// names are matched without regard to case.
const zoneNames = `
Africa/Abidjan
Africa/Accra
Africa/Addis_Ababa
Africa/Algiers
Africa/Asmara
Africa/Asmera
Africa/Bamako
Africa/Bangui
Africa/Banjul
Africa/Bissau
Africa/Blantyre
Africa/Brazzaville
Africa/Bujumbura
Africa/Cairo
Africa/Casablanca
Africa/Ceuta
Africa/Conakry
Africa/Dakar
Africa/Dar_es_Salaam
Africa/Djibouti
Africa/Douala
Africa/El_Aaiun
Africa/Freetown
Africa/Gaborone
Africa/Harare
Africa/Johannesburg
Africa/Juba
Africa/Kampala
Africa/Khartoum
Africa/Kigali
Africa/Kinshasa
Africa/Lagos
Africa/Libreville
Africa/Lome
Africa/Luanda
Africa/Lubumbashi
Africa/Lusaka
Africa/Malabo
Africa/Maputo
Africa/Maseru
Africa/Mbabane
Africa/Mogadishu
Africa/Monrovia
Africa/Nairobi
Africa/Ndjamena
Africa/Niamey
Africa/Nouakchott
Africa/Ouagadougou
Africa/Porto-Novo
Africa/Sao_Tome
Africa/Timbuktu
Africa/Tripoli
Africa/Tunis
Africa/Windhoek
America/Adak
America/Anchorage
America/Anguilla
America/Antigua
America/Araguaina
America/Argentina/Buenos_Aires
America/Argentina/Catamarca
America/Argentina/ComodRivadavia
America/Argentina/Cordoba
America/Argentina/Jujuy
America/Argentina/La_Rioja
America/Argentina/Mendoza
America/Argentina/Rio_Gallegos
America/Argentina/Salta
America/Argentina/San_Juan
America/Argentina/San_Luis
America/Argentina/Tucuman
America/Argentina/Ushuaia
America/Aruba
America/Asuncion
America/Atikokan
America/Atka
America/Bahia
America/Bahia_Banderas
America/Barbados
America/Belem
America/Belize
America/Blanc-Sablon
America/Boa_Vista
America/Bogota
America/Boise
America/Buenos_Aires
America/Cambridge_Bay
America/Campo_Grande
America/Cancun
America/Caracas
America/Catamarca
America/Cayenne
America/Cayman
America/Chicago
America/Chihuahua
America/Ciudad_Juarez
America/Coral_Harbour
America/Cordoba
America/Costa_Rica
America/Coyhaique
America/Creston
America/Cuiaba
America/Curacao
America/Danmarkshavn
America/Dawson
America/Dawson_Creek
America/Denver
America/Detroit
America/Dominica
America/Edmonton
America/Eirunepe
America/El_Salvador
America/Ensenada
America/Fort_Nelson
America/Fort_Wayne
America/Fortaleza
America/Glace_Bay
America/Godthab
America/Goose_Bay
America/Grand_Turk
America/Grenada
America/Guadeloupe
America/Guatemala
America/Guayaquil
America/Guyana
America/Halifax
America/Havana
America/Hermosillo
America/Indiana/Indianapolis
America/Indiana/Knox
America/Indiana/Marengo
America/Indiana/Petersburg
America/Indiana/Tell_City
America/Indiana/Vevay
America/Indiana/Vincennes
America/Indiana/Winamac
America/Indianapolis
America/Inuvik
America/Iqaluit
America/Jamaica
America/Jujuy
America/Juneau
America/Kentucky/Louisville
America/Kentucky/Monticello
America/Knox_IN
America/Kralendijk
America/La_Paz
America/Lima
America/Los_Angeles
America/Louisville
America/Lower_Princes
America/Maceio
America/Managua
America/Manaus
America/Marigot
America/Martinique
America/Matamoros
America/Mazatlan
America/Mendoza
America/Menominee
America/Merida
America/Metlakatla
America/Mexico_City
America/Miquelon
America/Moncton
America/Monterrey
America/Montevideo
America/Montreal
America/Montserrat
America/Nassau
America/New_York
America/Nipigon
America/Nome
America/Noronha
America/North_Dakota/Beulah
America/North_Dakota/Center
America/North_Dakota/New_Salem
America/Nuuk
America/Ojinaga
America/Panama
America/Pangnirtung
America/Paramaribo
America/Phoenix
America/Port-au-Prince
America/Port_of_Spain
America/Porto_Acre
America/Porto_Velho
America/Puerto_Rico
America/Punta_Arenas
America/Rainy_River
America/Rankin_Inlet
America/Recife
America/Regina
America/Resolute
America/Rio_Branco
America/Rosario
America/Santa_Isabel
America/Santarem
America/Santiago
America/Santo_Domingo
America/Sao_Paulo
America/Scoresbysund
America/Shiprock
America/Sitka
America/St_Barthelemy
America/St_Johns
America/St_Kitts
America/St_Lucia
America/St_Thomas
America/St_Vincent
America/Swift_Current
America/Tegucigalpa
America/Thule
America/Thunder_Bay
America/Tijuana
America/Toronto
America/Tortola
America/Vancouver
America/Virgin
America/Whitehorse
America/Winnipeg
America/Yakutat
America/Yellowknife
Antarctica/Casey
Antarctica/Davis
Antarctica/DumontDUrville
Antarctica/Macquarie
Antarctica/Mawson
Antarctica/McMurdo
Antarctica/Palmer
Antarctica/Rothera
Antarctica/South_Pole
Antarctica/Syowa
Antarctica/Troll
Antarctica/Vostok
Arctic/Longyearbyen
Asia/Aden
Asia/Almaty
Asia/Amman
Asia/Anadyr
Asia/Aqtau
Asia/Aqtobe
Asia/Ashgabat
Asia/Ashkhabad
Asia/Atyrau
Asia/Baghdad
Asia/Bahrain
Asia/Baku
Asia/Bangkok
Asia/Barnaul
Asia/Beirut
Asia/Bishkek
Asia/Brunei
Asia/Calcutta
Asia/Chita
Asia/Choibalsan
Asia/Chongqing
Asia/Chungking
Asia/Colombo
Asia/Dacca
Asia/Damascus
Asia/Dhaka
Asia/Dili
Asia/Dubai
Asia/Dushanbe
Asia/Famagusta
Asia/Gaza
Asia/Harbin
Asia/Hebron
Asia/Ho_Chi_Minh
Asia/Hong_Kong
Asia/Hovd
Asia/Irkutsk
Asia/Istanbul
Asia/Jakarta
Asia/Jayapura
Asia/Jerusalem
Asia/Kabul
Asia/Kamchatka
Asia/Karachi
Asia/Kashgar
Asia/Kathmandu
Asia/Katmandu
Asia/Khandyga
Asia/Kolkata
Asia/Krasnoyarsk
Asia/Kuala_Lumpur
Asia/Kuching
Asia/Kuwait
Asia/Macao
Asia/Macau
Asia/Magadan
Asia/Makassar
Asia/Manila
Asia/Muscat
Asia/Nicosia
Asia/Novokuznetsk
Asia/Novosibirsk
Asia/Omsk
Asia/Oral
Asia/Phnom_Penh
Asia/Pontianak
Asia/Pyongyang
Asia/Qatar
Asia/Qostanay
Asia/Qyzylorda
Asia/Rangoon
Asia/Riyadh
Asia/Saigon
Asia/Sakhalin
Asia/Samarkand
Asia/Seoul
Asia/Shanghai
Asia/Singapore
Asia/Srednekolymsk
Asia/Taipei
Asia/Tashkent
Asia/Tbilisi
Asia/Tehran
Asia/Tel_Aviv
Asia/Thimbu
Asia/Thimphu
Asia/Tokyo
Asia/Tomsk
Asia/Ujung_Pandang
Asia/Ulaanbaatar
Asia/Ulan_Bator
Asia/Urumqi
Asia/Ust-Nera
Asia/Vientiane
Asia/Vladivostok
Asia/Yakutsk
Asia/Yangon
Asia/Yekaterinburg
Asia/Yerevan
Atlantic/Azores
Atlantic/Bermuda
Atlantic/Canary
Atlantic/Cape_Verde
Atlantic/Faeroe
Atlantic/Faroe
Atlantic/Jan_Mayen
Atlantic/Madeira
Atlantic/Reykjavik
Atlantic/South_Georgia
Atlantic/St_Helena
Atlantic/Stanley
Australia/ACT
Australia/Adelaide
Australia/Brisbane
Australia/Broken_Hill
Australia/Canberra
Australia/Currie
Australia/Darwin
Australia/Eucla
Australia/Hobart
Australia/LHI
Australia/Lindeman
Australia/Lord_Howe
Australia/Melbourne
Australia/NSW
Australia/North
Australia/Perth
Australia/Queensland
Australia/South
Australia/Sydney
Australia/Tasmania
Australia/Victoria
Australia/West
Australia/Yancowinna
Brazil/Acre
Brazil/DeNoronha
Brazil/East
Brazil/West
CET
CST6CDT
Canada/Atlantic
Canada/Central
Canada/Eastern
Canada/Mountain
Canada/Newfoundland
Canada/Pacific
Canada/Saskatchewan
Canada/Yukon
Chile/Continental
Chile/EasterIsland
Cuba
EET
EST
EST5EDT
Egypt
Eire
Etc/GMT
Etc/GMT+0
Etc/GMT+1
Etc/GMT+10
Etc/GMT+11
Etc/GMT+12
Etc/GMT+2
Etc/GMT+3
Etc/GMT+4
Etc/GMT+5
Etc/GMT+6
Etc/GMT+7
Etc/GMT+8
Etc/GMT+9
Etc/GMT-0
Etc/GMT-1
Etc/GMT-10
Etc/GMT-11
Etc/GMT-12
Etc/GMT-13
Etc/GMT-14
Etc/GMT-2
Etc/GMT-3
Etc/GMT-4
Etc/GMT-5
Etc/GMT-6
Etc/GMT-7
Etc/GMT-8
Etc/GMT-9
Etc/GMT0
Etc/Greenwich
Etc/UCT
Etc/UTC
Etc/Universal
Etc/Zulu
Europe/Amsterdam
Europe/Andorra
Europe/Astrakhan
Europe/Athens
Europe/Belfast
Europe/Belgrade
Europe/Berlin
Europe/Bratislava
Europe/Brussels
Europe/Bucharest
Europe/Budapest
Europe/Busingen
Europe/Chisinau
Europe/Copenhagen
Europe/Dublin
Europe/Gibraltar
Europe/Guernsey
Europe/Helsinki
Europe/Isle_of_Man
Europe/Istanbul
Europe/Jersey
Europe/Kaliningrad
Europe/Kiev
Europe/Kirov
Europe/Kyiv
Europe/Lisbon
Europe/Ljubljana
Europe/London
Europe/Luxembourg
Europe/Madrid
Europe/Malta
Europe/Mariehamn
Europe/Minsk
Europe/Monaco
Europe/Moscow
Europe/Nicosia
Europe/Oslo
Europe/Paris
Europe/Podgorica
Europe/Prague
Europe/Riga
Europe/Rome
Europe/Samara
Europe/San_Marino
Europe/Sarajevo
Europe/Saratov
Europe/Simferopol
Europe/Skopje
Europe/Sofia
Europe/Stockholm
Europe/Tallinn
Europe/Tirane
Europe/Tiraspol
Europe/Ulyanovsk
Europe/Uzhgorod
Europe/Vaduz
Europe/Vatican
Europe/Vienna
Europe/Vilnius
Europe/Volgograd
Europe/Warsaw
Europe/Zagreb
Europe/Zaporozhye
Europe/Zurich
Factory
GB
GB-Eire
GMT
GMT+0
GMT-0
GMT0
Greenwich
HST
Hongkong
Iceland
Indian/Antananarivo
Indian/Chagos
Indian/Christmas
Indian/Cocos
Indian/Comoro
Indian/Kerguelen
Indian/Mahe
Indian/Maldives
Indian/Mauritius
Indian/Mayotte
Indian/Reunion
Iran
Israel
Jamaica
Japan
Kwajalein
Libya
MET
MST
MST7MDT
Mexico/BajaNorte
Mexico/BajaSur
Mexico/General
NZ
NZ-CHAT
Navajo
PRC
PST8PDT
Pacific/Apia
Pacific/Auckland
Pacific/Bougainville
Pacific/Chatham
Pacific/Chuuk
Pacific/Easter
Pacific/Efate
Pacific/Enderbury
Pacific/Fakaofo
Pacific/Fiji
Pacific/Funafuti
Pacific/Galapagos
Pacific/Gambier
Pacific/Guadalcanal
Pacific/Guam
Pacific/Honolulu
Pacific/Johnston
Pacific/Kanton
Pacific/Kiritimati
Pacific/Kosrae
Pacific/Kwajalein
Pacific/Majuro
Pacific/Marquesas
Pacific/Midway
Pacific/Nauru
Pacific/Niue
Pacific/Norfolk
Pacific/Noumea
Pacific/Pago_Pago
Pacific/Palau
Pacific/Pitcairn
Pacific/Pohnpei
Pacific/Ponape
Pacific/Port_Moresby
Pacific/Rarotonga
Pacific/Saipan
Pacific/Samoa
Pacific/Tahiti
Pacific/Tarawa
Pacific/Tongatapu
Pacific/Truk
Pacific/Wake
Pacific/Wallis
Pacific/Yap
Poland
Portugal
ROC
ROK
Singapore
Turkey
UCT
US/Alaska
US/Aleutian
US/Arizona
US/Central
US/East-Indiana
US/Eastern
US/Hawaii
US/Indiana-Starke
US/Michigan
US/Mountain
US/Pacific
US/Samoa
UTC
Universal
W-SU
WET
Zulu
`

// zoneAbbrev is a time zone abbreviation that input accepts: a fixed offset, or
// (zone not "") whatever the abbreviation meant in that zone at the time.
type zoneAbbrev struct {
	off  int32 // seconds east of UTC
	dst  bool
	zone string
}

// zoneAbbrevs is the set that PostgreSQL calls Default.
var zoneAbbrevs = map[string]zoneAbbrev{
	"acdt":   {off: 37800, dst: true},
	"acsst":  {off: 37800, dst: true},
	"acst":   {off: 34200},
	"act":    {off: -18000},
	"acwst":  {off: 31500},
	"adt":    {off: -10800, dst: true},
	"aedt":   {off: 39600, dst: true},
	"aesst":  {off: 39600, dst: true},
	"aest":   {off: 36000},
	"aft":    {off: 16200},
	"akdt":   {off: -28800, dst: true},
	"akst":   {off: -32400},
	"almst":  {off: 25200, dst: true},
	"almt":   {off: 21600},
	"amst":   {zone: "Asia/Yerevan"},
	"amt":    {off: -14400},
	"anast":  {zone: "Asia/Anadyr"},
	"anat":   {zone: "Asia/Anadyr"},
	"arst":   {zone: "America/Argentina/Buenos_Aires"},
	"art":    {zone: "America/Argentina/Buenos_Aires"},
	"ast":    {off: -14400},
	"awsst":  {off: 32400, dst: true},
	"awst":   {off: 28800},
	"azost":  {dst: true},
	"azot":   {off: -3600},
	"azst":   {zone: "Asia/Baku"},
	"azt":    {zone: "Asia/Baku"},
	"bdst":   {off: 7200, dst: true},
	"bdt":    {off: 21600},
	"bnt":    {off: 28800},
	"bort":   {off: 28800},
	"bot":    {off: -14400},
	"bra":    {off: -10800},
	"brst":   {off: -7200, dst: true},
	"brt":    {off: -10800},
	"bst":    {off: 3600, dst: true},
	"btt":    {off: 21600},
	"cadt":   {off: 37800, dst: true},
	"cast":   {off: 34200},
	"cct":    {off: 28800},
	"cdt":    {off: -18000, dst: true},
	"cest":   {off: 7200, dst: true},
	"cet":    {off: 3600},
	"cetdst": {off: 7200, dst: true},
	"chadt":  {off: 49500, dst: true},
	"chast":  {off: 45900},
	"chut":   {off: 36000},
	"ckt":    {zone: "Pacific/Rarotonga"},
	"clst":   {off: -10800, dst: true},
	"clt":    {zone: "America/Santiago"},
	"cot":    {off: -18000},
	"cst":    {off: -21600},
	"cxt":    {off: 25200},
	"davt":   {zone: "Antarctica/Davis"},
	"ddut":   {off: 36000},
	"easst":  {zone: "Pacific/Easter"},
	"east":   {zone: "Pacific/Easter"},
	"eat":    {off: 10800},
	"edt":    {off: -14400, dst: true},
	"eest":   {off: 10800, dst: true},
	"eet":    {off: 7200},
	"eetdst": {off: 10800, dst: true},
	"egst":   {dst: true},
	"egt":    {off: -3600},
	"est":    {off: -18000},
	"fet":    {off: 10800},
	"fjst":   {off: 46800, dst: true},
	"fjt":    {off: 43200},
	"fkst":   {zone: "Atlantic/Stanley"},
	"fkt":    {zone: "Atlantic/Stanley"},
	"fnst":   {off: -3600, dst: true},
	"fnt":    {off: -7200},
	"galt":   {off: -21600},
	"gamt":   {off: -32400},
	"gest":   {zone: "Asia/Tbilisi"},
	"get":    {zone: "Asia/Tbilisi"},
	"gft":    {off: -10800},
	"gilt":   {off: 43200},
	"gmt":    {},
	"gyt":    {zone: "America/Guyana"},
	"hkt":    {off: 28800},
	"hst":    {off: -36000},
	"ict":    {off: 25200},
	"idt":    {off: 10800, dst: true},
	"iot":    {zone: "Indian/Chagos"},
	"irkst":  {zone: "Asia/Irkutsk"},
	"irkt":   {zone: "Asia/Irkutsk"},
	"irt":    {off: 12600},
	"ist":    {off: 7200},
	"jayt":   {off: 32400},
	"jst":    {off: 32400},
	"kdt":    {off: 36000, dst: true},
	"kgst":   {off: 21600, dst: true},
	"kgt":    {zone: "Asia/Bishkek"},
	"kost":   {zone: "Pacific/Kosrae"},
	"krast":  {zone: "Asia/Krasnoyarsk"},
	"krat":   {zone: "Asia/Krasnoyarsk"},
	"kst":    {off: 32400},
	"lhdt":   {zone: "Australia/Lord_Howe"},
	"lhst":   {off: 37800},
	"ligt":   {off: 36000},
	"lint":   {zone: "Pacific/Kiritimati"},
	"lkt":    {zone: "Asia/Colombo"},
	"magst":  {zone: "Asia/Magadan"},
	"magt":   {zone: "Asia/Magadan"},
	"mart":   {off: -34200},
	"mawt":   {zone: "Antarctica/Mawson"},
	"mdt":    {off: -21600, dst: true},
	"mest":   {off: 7200, dst: true},
	"mesz":   {off: 7200, dst: true},
	"met":    {off: 3600},
	"metdst": {off: 7200, dst: true},
	"mez":    {off: 3600},
	"mht":    {off: 43200},
	"mmt":    {off: 23400},
	"mpt":    {off: 36000},
	"msd":    {off: 14400, dst: true},
	"msk":    {zone: "Europe/Moscow"},
	"mst":    {off: -25200},
	"must":   {off: 18000, dst: true},
	"mut":    {off: 14400},
	"mvt":    {off: 18000},
	"myt":    {off: 28800},
	"ndt":    {off: -9000, dst: true},
	"nft":    {off: -12600},
	"novst":  {zone: "Asia/Novosibirsk"},
	"novt":   {zone: "Asia/Novosibirsk"},
	"npt":    {off: 20700},
	"nst":    {off: -12600},
	"nut":    {zone: "Pacific/Niue"},
	"nzdt":   {off: 46800, dst: true},
	"nzst":   {off: 43200},
	"nzt":    {off: 43200},
	"omsst":  {zone: "Asia/Omsk"},
	"omst":   {zone: "Asia/Omsk"},
	"pdt":    {off: -25200, dst: true},
	"pet":    {off: -18000},
	"petst":  {zone: "Asia/Kamchatka"},
	"pett":   {zone: "Asia/Kamchatka"},
	"pgt":    {off: 36000},
	"pht":    {off: 28800},
	"pkst":   {off: 21600, dst: true},
	"pkt":    {off: 18000},
	"pmdt":   {off: -7200, dst: true},
	"pmst":   {off: -10800},
	"pont":   {off: 39600},
	"pst":    {off: -28800},
	"pwt":    {off: 32400},
	"pyst":   {off: -10800, dst: true},
	"pyt":    {zone: "America/Asuncion"},
	"ret":    {off: 14400},
	"sadt":   {off: 37800, dst: true},
	"sast":   {off: 7200},
	"sct":    {off: 14400},
	"sgt":    {zone: "Asia/Singapore"},
	"taht":   {off: -36000},
	"tft":    {off: 18000},
	"tjt":    {off: 18000},
	"tkt":    {zone: "Pacific/Fakaofo"},
	"tmt":    {zone: "Asia/Ashgabat"},
	"tot":    {off: 46800},
	"trut":   {off: 36000},
	"tvt":    {off: 43200},
	"uct":    {},
	"ulast":  {off: 32400, dst: true},
	"ulat":   {zone: "Asia/Ulaanbaatar"},
	"ut":     {},
	"utc":    {},
	"uyst":   {off: -7200, dst: true},
	"uyt":    {off: -10800},
	"uzst":   {off: 21600, dst: true},
	"uzt":    {off: 18000},
	"vet":    {zone: "America/Caracas"},
	"vlast":  {zone: "Asia/Vladivostok"},
	"vlat":   {zone: "Asia/Vladivostok"},
	"volt":   {zone: "Europe/Volgograd"},
	"vut":    {off: 39600},
	"wadt":   {off: 28800, dst: true},
	"wakt":   {off: 43200},
	"wast":   {off: 25200},
	"wat":    {off: 3600},
	"wdt":    {off: 32400, dst: true},
	"wet":    {},
	"wetdst": {off: 3600, dst: true},
	"wft":    {off: 43200},
	"wgst":   {off: -7200, dst: true},
	"wgt":    {off: -10800},
	"xjt":    {off: 21600},
	"yakst":  {zone: "Asia/Yakutsk"},
	"yakt":   {zone: "Asia/Yakutsk"},
	"yapt":   {off: 36000},
	"yekst":  {off: 21600, dst: true},
	"yekt":   {zone: "Asia/Yekaterinburg"},
	"z":      {},
	"zulu":   {},
}
