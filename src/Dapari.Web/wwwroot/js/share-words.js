// What the page of a link says, in English and Italian.

const EN = {
  title: (/** @type {string} */ from) => from ? `${from} has files for you` : 'Files for you',
  connecting: 'Connecting to the sender’s computer…',
  away: 'The sender’s computer is not online at the moment. Leave this page open: it goes on by itself.',
  ready: 'They come straight from the sender’s computer. Nothing is installed, and nothing is stored on a server.',
  take: 'Get the files',
  goOn: 'Go on',
  moving: 'The files are coming. Leave this page open.',
  lost: 'The connection was lost. Connecting again; what came is kept.',
  done: 'Everything is here. Your browser saves it with your downloads.',
  save: 'Save again',
  direct: (/** @type {string} */ from) => from ? `Directly from ${from}’s computer` : 'Directly from the sender’s computer',
  https: (/** @type {string} */ from) => from ? `Directly from ${from}’s computer, by HTTPS` : 'Directly from the sender’s computer, by HTTPS',
  relay: 'Through a relay, which cannot read it: no direct way goes through the networks',
  progress: (/** @type {string} */ done, /** @type {string} */ all, /** @type {string} */ speed) => `${done} of ${all}, ${speed} per second`,
  time: 'This link’s time is over. Ask for a new one.',
  'used-up': 'This link was used as often as it may be. Ask for a new one.',
  stopped: 'The sender ended this link.',
  busy: 'Many are getting these files right now. Waiting for a turn.',
  changed: 'A file was changed or removed by its sender meanwhile. Ask for a new link.',
  noRoom: 'There is not enough room on this device. Make room, then go on.',
  storage: 'This browser keeps no files here; a private window may be the reason. Try a normal window or another browser.',
  wrong: 'This is not a whole link. Copy it again, from beginning to end.',
  old: 'This browser is too old for direct connections. Try another one.',
  sendTitle: 'Send files by a link',
  sendState: 'Whoever opens the link gets them straight from this device, as long as this page is open. Nothing is stored on a server, and nobody needs an account.',
  pick: 'Choose files',
  times: 'How often it may be used',
  timesOf: (/** @type {number} */ times) => times === 1 ? 'Once' : `Up to ${times} times`,
  tooMany: (/** @type {number} */ most) => `At most ${most} files at a time.`,
  unreadable: 'A file could not be read. Choose again.',
  preparing: 'Preparing…',
  link: 'The link',
  copy: 'Copy the link',
  copied: 'Copied',
  terminal: 'In a terminal: dapari receive, and the link.',
  stop: 'End the link',
  onceMore: 'Send something else',
  open: (/** @type {number} */ times) => times === 1 ? 'Pass the link on to one person, and leave this page open.' : `Pass the link on, up to ${times} people, and leave this page open.`,
  serverAway: 'The server does not answer. Trying again; the link stays the same.',
  sourceChanged: (/** @type {string} */ name) => `${name} was changed or removed. Choose the files again.`,
  givenTo: (/** @type {number} */ people) => people === 1 ? 'Somebody is getting them now. Leave this page open.' : `${people} people are getting them now. Leave this page open.`,
  going: (/** @type {string} */ done, /** @type {string} */ all) => `${done} of ${all}`,
  doneSoFar: (/** @type {number} */ done, /** @type {number} */ times) => `${done} of ${times} have everything. Leave this page open for the others.`,
  ended: (/** @type {string} */ why, /** @type {number} */ done) => why === 'used-up' ? (done === 1 ? 'It has arrived. The link is over.' : `All ${done} have everything. The link is over.`) : why === 'time' ? 'The link’s day is over.' : 'The link is over.',
};

/** @type {typeof EN} */
const IT = {
  title: from => from ? `${from} ha dei file per te` : 'File per te',
  connecting: 'Connessione al computer di chi invia…',
  away: 'Il computer di chi invia non è in linea in questo momento. Lascia aperta questa pagina: prosegue da sola.',
  ready: 'Arrivano direttamente dal computer di chi invia. Non si installa niente e niente resta su un server.',
  take: 'Ricevi i file',
  goOn: 'Continua',
  moving: 'I file stanno arrivando. Lascia aperta questa pagina.',
  lost: 'La connessione è caduta. Mi ricollego; ciò che è arrivato resta.',
  done: 'È arrivato tutto. Il browser lo salva tra i tuoi download.',
  save: 'Salva di nuovo',
  direct: from => from ? `Direttamente dal computer di ${from}` : 'Direttamente dal computer di chi invia',
  https: from => from ? `Direttamente dal computer di ${from}, tramite HTTPS` : 'Direttamente dal computer di chi invia, tramite HTTPS',
  relay: 'Attraverso un relay, che non può leggerlo: nessuna via diretta passa attraverso le reti',
  progress: (done, all, speed) => `${done} di ${all}, ${speed} al secondo`,
  time: 'Il tempo di questo link è scaduto. Chiedine uno nuovo.',
  'used-up': 'Questo link è stato usato tutte le volte che poteva. Chiedine uno nuovo.',
  stopped: 'Chi invia ha chiuso questo link.',
  busy: 'In molti stanno ricevendo questi file adesso. In attesa del turno.',
  changed: 'Un file è stato cambiato o tolto da chi invia. Chiedi un nuovo link.',
  noRoom: 'Non c’è abbastanza spazio su questo dispositivo. Fai spazio, poi continua.',
  storage: 'Questo browser qui non conserva file; forse è una finestra privata. Prova una finestra normale o un altro browser.',
  wrong: 'Questo link non è intero. Copialo di nuovo, dall’inizio alla fine.',
  old: 'Questo browser è troppo vecchio per le connessioni dirette. Provane un altro.',
  sendTitle: 'Invia file con un link',
  sendState: 'Chi apre il link li riceve direttamente da questo dispositivo, finché questa pagina è aperta. Niente resta su un server e a nessuno serve un account.',
  pick: 'Scegli i file',
  times: 'Quante volte può essere usato',
  timesOf: times => times === 1 ? 'Una volta' : `Fino a ${times} volte`,
  tooMany: most => `Al massimo ${most} file alla volta.`,
  unreadable: 'Un file non si può leggere. Scegli di nuovo.',
  preparing: 'Preparazione…',
  link: 'Il link',
  copy: 'Copia il link',
  copied: 'Copiato',
  terminal: 'In un terminale: dapari receive, e il link.',
  stop: 'Chiudi il link',
  onceMore: 'Invia altro',
  open: times => times === 1 ? 'Passa il link a una persona e lascia aperta questa pagina.' : `Passa il link, fino a ${times} persone, e lascia aperta questa pagina.`,
  serverAway: 'Il server non risponde. Riprovo; il link resta lo stesso.',
  sourceChanged: name => `${name} è stato cambiato o tolto. Scegli di nuovo i file.`,
  givenTo: people => people === 1 ? 'Qualcuno li sta ricevendo. Lascia aperta questa pagina.' : `${people} persone li stanno ricevendo. Lascia aperta questa pagina.`,
  going: (done, all) => `${done} di ${all}`,
  doneSoFar: (done, times) => `${done} su ${times} hanno tutto. Lascia aperta questa pagina per gli altri.`,
  ended: (why, done) => why === 'used-up' ? (done === 1 ? 'È arrivato. Il link è chiuso.' : `Tutti e ${done} hanno tutto. Il link è chiuso.`) : why === 'time' ? 'Il giorno del link è finito.' : 'Il link è chiuso.',
};

export const language = navigator.languages.map(one => one.slice(0, 2)).find(one => one === 'it' || one === 'en') ?? 'en';
export const words = language === 'it' ? IT : EN;

const number = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });

/** @param {number} bytes */
export function size(bytes) {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let unit = 0;
  for (; bytes >= 999.5 && unit < units.length - 1; unit++) bytes /= 1000;
  return `${number.format(unit === 0 || bytes >= 100 ? Math.round(bytes) : bytes)}\u00a0${units[unit]}`;
}
