const el = id => document.getElementById(id);
const anchors = {};
const calls = {
  query: () => location.search,
  language: l => { document.documentElement.lang = l; return ''; },
  theme: t => { if (t === 'system') delete document.documentElement.dataset.theme; else document.documentElement.dataset.theme = t; return ''; },
  title: t => { document.title = t; return ''; },
  numberText: (v, l) => new Intl.NumberFormat(l).format(+v),
  focus: id => { el(id)?.focus({ preventScroll: true }); return ''; },
  select: id => { el(id)?.select(); return ''; },
  fit: (id, max) => { const e = el(id); if (e) { e.style.height = 'auto'; e.style.height = Math.min(e.scrollHeight, +max) + 'px'; } return ''; },
  toEnd: id => { const e = el(id); if (e) e.scrollTop = e.scrollHeight; return ''; },
  scrollTo: id => { el(id)?.scrollIntoView({ block: 'center' }); return ''; },
  hold: id => { const s = el(id), t = s.getBoundingClientRect().top; const k = [...s.querySelectorAll('[data-key]')].find(e => e.getBoundingClientRect().bottom > t); anchors[id] = k && { key: k.dataset.key, top: k.getBoundingClientRect().top }; return ''; },
  restore: id => { const a = anchors[id], s = el(id); const k = a && s?.querySelector(`[data-key="${a.key}"]`); if (k) s.scrollTop += k.getBoundingClientRect().top - a.top; return ''; },
  wide: px => matchMedia(`(min-width:${px}px)`).matches ? '1' : '',
  submitOnEnter: id => { el(id)?.addEventListener('keydown', e => { if (e.key === 'Enter' && !e.shiftKey && !e.isComposing) { e.preventDefault(); el(id).form.requestSubmit(); } }); return ''; },
  arrows: () => '',
  level: id => { let t = 0; setInterval(() => el(id)?.style.setProperty('--level', String(0.45 + 0.3 * Math.sin(t += 0.3))), 80); return ''; },
  // A picture that nobody took: soft shapes in a colour of its own.
  paint: (id, what) => {
    const video = el(id); if (!video) return '';
    const c = document.createElement('canvas'); c.width = 640; c.height = what === 'screen' ? 360 : 480;
    const g = c.getContext('2d'); let t = 0;
    const hue = [...id].reduce((a, b) => a * 31 + b.charCodeAt(0) | 0, 7) % 360;
    const draw = () => {
      if (what === 'screen') { g.fillStyle = '#f7f5ef'; g.fillRect(0, 0, 640, 360); g.fillStyle = '#445'; for (let i = 0; i < 9; i++) g.fillRect(60, 50 + i * 30, 200 + (i * 97) % 300, 9); }
      else {
        const back = g.createLinearGradient(0, 0, 0, 480); back.addColorStop(0, `hsl(${hue} 30% 62%)`); back.addColorStop(1, `hsl(${hue + 40} 30% 34%)`);
        g.fillStyle = back; g.fillRect(0, 0, 640, 480); g.fillStyle = `hsl(${hue + 20} 34% 78%)`;
        g.beginPath(); g.arc(320 + 8 * Math.sin(t), 210, 90, 0, 7); g.fill(); g.beginPath(); g.ellipse(320, 470, 180, 150, 0, 0, 7); g.fill();
      }
      t += 0.05;
    };
    draw(); setInterval(draw, 100); video.srcObject = c.captureStream(10); video.muted = true; video.play(); return '';
  },
};
export const call = (name, a, b) => calls[name](a, b) ?? '';
const now = () => Date.now();
export const format = (kind, at, l) => {
  const d = new Date(at), f = o => new Intl.DateTimeFormat(l, o).format(d);
  const day = x => Math.floor((x.getTime() - x.getTimezoneOffset() * 60000) / 86400000);
  const ago = day(new Date(now())) - day(d);
  const rel = () => { const s = new Intl.RelativeTimeFormat(l, { numeric: 'auto' }).format(-ago, 'day'); return s[0].toUpperCase() + s.slice(1); };
  switch (kind) {
    case 'time': return f({ hour: '2-digit', minute: '2-digit' });
    case 'day': return ago < 2 ? rel() : f({ day: 'numeric', month: 'long' });
    case 'brief': return ago < 1 ? f({ hour: '2-digit', minute: '2-digit' }) : ago < 2 ? rel() : f({ day: 'numeric', month: 'short' });
    case 'full': return f({ dateStyle: 'long', timeStyle: 'medium' });
    case 'number': return String(day(d));
    default: return new Intl.RelativeTimeFormat(l).format(Math.round((at - now()) / 1000), 'second');
  }
};
export const watchScroll = (id, changed) => {
  const s = el(id); let due = false, last = '';
  const tell = () => {
    due = false;
    if (!s.isConnected) return;
    const r = s.getBoundingClientRect(), rows = [...s.querySelectorAll('[data-key]')].filter(e => { const b = e.getBoundingClientRect(); return b.bottom > r.top && b.top < r.bottom; });
    const left = s.scrollHeight - s.scrollTop - s.clientHeight;
    const t = [s.scrollTop < r.height * 1.5 ? 1 : 0, left < r.height * 1.5 ? 1 : 0, left < 48 ? 1 : 0, rows[0]?.dataset.key ?? '', rows.at(-1)?.dataset.key ?? ''].join('|');
    if (t !== last) { last = t; changed(t); }
  };
  const ask = () => { if (!due) { due = true; requestAnimationFrame(tell); } };
  s.addEventListener('scroll', ask, { passive: true }); new MutationObserver(ask).observe(s, { childList: true }); new ResizeObserver(ask).observe(s); ask();
};
export const watchKeys = p => addEventListener('keydown', e => {
  if ((e.ctrlKey || e.metaKey) && e.key === 'k') { e.preventDefault(); p('find'); } else if (e.key === 'Escape') p('back');
});
