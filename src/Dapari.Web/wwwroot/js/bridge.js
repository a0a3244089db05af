// Ties the modules' events to managed code.
import * as camera from './camera.js';
import * as elements from './elements.js';
import * as keys from './keys.js';
import * as page from './page.js';
import * as path from './path.js';
import * as socket from './socket.js';
import * as tabs from './tabs.js';
import * as updates from './updates.js';

/** @param {string} tabsName */
export async function connect(tabsName) {
  const runtime = /** @type {any} */ (globalThis).getDotnetRuntime(0);
  const events = (await runtime.getAssemblyExports('Dapari.Web.dll')).Dapari.Web.Platform;
  camera.listen(events.CameraEvents);
  elements.listen(events.ElementEvents);
  keys.listen(events.KeyEvents);
  page.listen(events.PageEvents);
  path.listen(events.PathEvents);
  socket.listen(events.SocketEvents);
  updates.listen(events.UpdateEvents);
  tabs.join(tabsName, events.TabEvents);
}
