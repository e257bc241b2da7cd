/**
 * Names of time zones in calendars from Exchange and Outlook, with the IANA zone that Unicode CLDR gives for the whole
 * territory (https://github.com/unicode-org/cldr, windowsZones.xml).
 */
const table = `
  Afghanistan Standard Time=Asia/Kabul
  Alaskan Standard Time=America/Anchorage
  Arab Standard Time=Asia/Riyadh
  Arabian Standard Time=Asia/Dubai
  Arabic Standard Time=Asia/Baghdad
  Argentina Standard Time=America/Buenos_Aires
  Astrakhan Standard Time=Europe/Astrakhan
  Atlantic Standard Time=America/Halifax
  AUS Central Standard Time=Australia/Darwin
  AUS Eastern Standard Time=Australia/Sydney
  Azerbaijan Standard Time=Asia/Baku
  Belarus Standard Time=Europe/Minsk
  Canada Central Standard Time=America/Regina
  Caucasus Standard Time=Asia/Yerevan
  Cen. Australia Standard Time=Australia/Adelaide
  Central America Standard Time=America/Guatemala
  Central Asia Standard Time=Asia/Almaty
  Central Europe Standard Time=Europe/Budapest
  Central European Standard Time=Europe/Warsaw
  Central Standard Time=America/Chicago
  Central Standard Time (Mexico)=America/Mexico_City
  China Standard Time=Asia/Shanghai
  E. Africa Standard Time=Africa/Nairobi
  E. Australia Standard Time=Australia/Brisbane
  E. Europe Standard Time=Europe/Chisinau
  E. South America Standard Time=America/Sao_Paulo
  Eastern Standard Time=America/New_York
  Egypt Standard Time=Africa/Cairo
  Ekaterinburg Standard Time=Asia/Yekaterinburg
  FLE Standard Time=Europe/Kiev
  GMT Standard Time=Europe/London
  Georgian Standard Time=Asia/Tbilisi
  Greenwich Standard Time=Atlantic/Reykjavik
  GTB Standard Time=Europe/Bucharest
  Hawaiian Standard Time=Pacific/Honolulu
  India Standard Time=Asia/Calcutta
  Iran Standard Time=Asia/Tehran
  Israel Standard Time=Asia/Jerusalem
  Kaliningrad Standard Time=Europe/Kaliningrad
  Korea Standard Time=Asia/Seoul
  Mountain Standard Time=America/Denver
  Morocco Standard Time=Africa/Casablanca
  N. Central Asia Standard Time=Asia/Novosibirsk
  Nepal Standard Time=Asia/Katmandu
  New Zealand Standard Time=Pacific/Auckland
  Newfoundland Standard Time=America/St_Johns
  North Asia East Standard Time=Asia/Irkutsk
  North Asia Standard Time=Asia/Krasnoyarsk
  Omsk Standard Time=Asia/Omsk
  Pacific SA Standard Time=America/Santiago
  Pacific Standard Time=America/Los_Angeles
  Pakistan Standard Time=Asia/Karachi
  Romance Standard Time=Europe/Paris
  Russia Time Zone 3=Europe/Samara
  Russian Standard Time=Europe/Moscow
  SA Pacific Standard Time=America/Bogota
  SE Asia Standard Time=Asia/Bangkok
  Sakhalin Standard Time=Asia/Sakhalin
  Saratov Standard Time=Europe/Saratov
  Singapore Standard Time=Asia/Singapore
  South Africa Standard Time=Africa/Johannesburg
  Taipei Standard Time=Asia/Taipei
  Tokyo Standard Time=Asia/Tokyo
  Turkey Standard Time=Europe/Istanbul
  US Mountain Standard Time=America/Phoenix
  Vladivostok Standard Time=Asia/Vladivostok
  Volgograd Standard Time=Europe/Volgograd
  W. Australia Standard Time=Australia/Perth
  W. Europe Standard Time=Europe/Berlin
  West Asia Standard Time=Asia/Tashkent
  Yakutsk Standard Time=Asia/Yakutsk`;

/** IANA zone by the name that Windows uses. */
export const windowsZones: ReadonlyMap<string, string> = new Map(
  table
    .trim()
    .split('\n')
    .map((line) => line.trim().split('=') as [string, string]),
);
