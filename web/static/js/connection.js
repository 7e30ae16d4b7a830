/** The socket of one room: watching, measuring time, asking again after a gap. Says `down` rather than pretending. */

const WATCH_PATIENCE = 5000;
const ASK_PATIENCE = 5000;

export class Connection {
  /** Callbacks: `snapshot(answer)`, `update(message)`, `status("up"|"down"|"wait", trip)`, `signedOut(why)`. `every`: ms. */
  constructor(auction, version, clock, callbacks, every) {
    Object.assign(this, { auction, version, clock, callbacks });
    this.watching = null;
    this.underway = 0;
    this.socket = globalThis.io("/auctions", {
      transports: ["websocket"],
      reconnectionDelay: 300,
      reconnectionDelayMax: 3000,
      timeout: 5000,
    });
    this.socket.on("connect", () => this.watch());
    this.socket.on("disconnect", () => callbacks.status("down"));
    this.socket.on("connect_error", (error) => {
      callbacks.status("down");
      if (error.message === "unauthenticated") callbacks.signedOut();
    });
    this.socket.on("moving", (message) => setTimeout(() => this.move(), message.after_ms));
    this.socket.on("signed_out", (message) => callbacks.signedOut(message.detail));
    this.socket.on("update", (message) => {
      if (message.auction_id !== this.auction) return;
      clock.notBefore(message.server_time);
      callbacks.update(message);
    });
    setInterval(() => this.watch(), every);
    addEventListener("online", () => this.renew());
    addEventListener("offline", () => callbacks.status("down"));
  }

  get up() {
    return this.socket.connected;
  }

  /** Take a new line at once: the old one may be dead without knowing it, and its next attempt may be seconds away. */
  renew() {
    this.socket.disconnect();
    this.socket.connect();
  }

  /** The process at the other end stops: take a line to another once every bid is answered. */
  move() {
    if (this.underway > 0) setTimeout(() => this.move(), 50);
    else if (this.up) this.renew();
  }

  /** Ask for the room and everything since the version known; one question at a time. */
  async watch() {
    if (this.watching || !this.up) return;
    this.watching = true;
    this.callbacks.status("wait");
    const sent = performance.now();
    try {
      const answer = await this.socket
        .timeout(WATCH_PATIENCE)
        .emitWithAck("watch", { auction_id: this.auction, since: this.version() });
      const received = performance.now();
      if (answer.server_time) this.clock.sample(answer.server_time, sent, received);
      this.watching = false;
      this.callbacks.snapshot(answer);
      this.callbacks.status("up", Math.round(received - sent));
      if (answer.more) await this.watch();
    } catch {
      this.watching = false;
      if (this.up) setTimeout(() => this.watch(), 1000);
      else this.callbacks.status("down");
    }
  }

  /** Send a bid; rejects when there is no connection (`kept`: nothing left) or no answer in time. Never queued for later. */
  bid(offer, patience) {
    if (!this.up) return Promise.reject(Object.assign(new Error("not connected"), { kept: true }));
    this.underway += 1;
    const settled = () => (this.underway -= 1);
    const answer = this.socket.timeout(patience).emitWithAck("bid", offer);
    answer.then(settled, settled);
    return answer;
  }

  /** What became of a key: the stored acknowledgement, or null when the server never saw it. */
  async outcome(key) {
    const answer = await fetch(`/api/v1/auctions/${this.auction}/bids/by-key/${encodeURIComponent(key)}`, {
      cache: "no-store",
      credentials: "same-origin",
      headers: { Accept: "application/json", "Accept-Language": document.documentElement.lang },
      signal: AbortSignal.timeout(ASK_PATIENCE),
    });
    if (answer.status === 404) return null;
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    return answer.json();
  }
}
