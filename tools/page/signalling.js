// One member of one room (docs/signalling.md): a WebSocket that tells what comes as events.

export class Signalling extends EventTarget {
  constructor(room) {
    super();
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    this.socket = new WebSocket(`${scheme}//${location.host}/ws/${encodeURIComponent(room)}`);
    this.socket.onmessage = (event) => this.receive(event.data);
    this.socket.onclose = () => this.tell("closed", {});
  }

  receive(text) {
    let message;
    try {
      message = JSON.parse(text);
    } catch {
      return;
    }
    if (message && typeof message.type === "string") this.tell(message.type, message);
  }

  tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  send(message) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  close() {
    this.socket.onclose = null;
    this.socket.close();
  }
}
