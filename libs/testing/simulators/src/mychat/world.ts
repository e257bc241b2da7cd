/** What a MyChat server knows: people, conferences, the integration key, and what was said. */
import { Arrivals } from '../arrivals.ts';

/** -1 offline, 0 online, 1 away, 2 do not disturb. */
export type Status = -1 | 0 | 1 | 2;

/** Somebody with an account. UIN 0 is the robot. */
export interface User {
  uin: number;
  nick: string;
  email?: string;
  /** As `domain\login`. */
  login?: string;
  status: Status;
}

/** A conference; it exists only while somebody is in it. */
export interface Room {
  uid: number;
  name: string;
  topic: string;
  members: Set<number>;
}

/** A message as the server took it. */
export interface Said {
  from: number;
  /** UIN of a person or UID of a conference. */
  to: { uin: number } | { uid: number };
  /** How the sender named the addressee. */
  addressedAs: string;
  text: string;
  context?: string;
  at: number;
  /** When somebody who was offline got it, with the original time in `at`. */
  handedOverAt?: number;
}

/** A command as it came, after its key was found to be right. */
export interface Asked {
  command: string;
  members: Record<string, unknown>;
}

/** Ways in which real servers differ from each other and from their documentation. */
export interface Quirks {
  /** Newer servers give `context` back. */
  echoContext: boolean;
  /** `Cmd` as a decimal integer for the commands whose pages show it so. */
  integerCmd: boolean;
  /** `сmd` with a Cyrillic first letter for the commands whose pages show it so. */
  cyrillicCmd: boolean;
  /** `"Cmd" : 0008` without quotes, as printed. */
  bareCmd: boolean;
  /** Answers in Windows-1251. */
  cp1251: boolean;
  /** Answers on the socket with the 12 bytes of a frame before the JSON. */
  framedAnswers: boolean;
  /** Writing to oneself: newer servers refuse, older ones send as the robot. */
  selfSend: 'refuse' | 'robot';
  /** The socket never greets. */
  noHello: boolean;
  /** Wait before each answer, in milliseconds. */
  answerDelayMs: number;
}

const newestServer: Quirks = {
  echoContext: true,
  integerCmd: false,
  cyrillicCmd: false,
  bareCmd: false,
  cp1251: false,
  framedAnswers: false,
  selfSend: 'refuse',
  noHello: false,
  answerDelayMs: 0,
};

/** The state of one simulated server. */
export class World {
  key = 'k3y-of-the-simulator';
  apiEnabled = true;
  quirks: Quirks = { ...newestServer };
  users: User[] = [];
  rooms: Room[] = [];
  readonly said = new Arrivals<Said>();
  readonly asked = new Arrivals<Asked>();

  constructor() {
    this.reset();
  }

  /** Puts everything back to how it was at the start. */
  reset(): void {
    this.key = 'k3y-of-the-simulator';
    this.apiEnabled = true;
    this.quirks = { ...newestServer };
    this.users = [
      { uin: 0, nick: 'Elisa', status: 0 },
      { uin: 17, nick: 'Иванов', email: 'ivanov@corp.example', login: 'corp\\ivanov', status: 0 },
      { uin: 18, nick: 'petrova', email: 'petrova@corp.example', status: -1 },
      { uin: 19, nick: 'Двойник', status: 1 },
      { uin: 20, nick: 'двойник', status: 2 },
    ];
    this.rooms = [{ uid: 12, name: 'Склад', topic: 'Остатки', members: new Set([17, 19]) }];
    this.said.clear();
    this.asked.clear();
  }

  /** Finds somebody by UIN, e-mail, nick or domain\login, in any case; of two with the same nick the first. */
  findUser(reference: unknown): User | undefined {
    const wanted = String(reference).trim().toLowerCase();
    if (/^\d+$/.test(wanted)) return this.users.find(({ uin }) => uin === Number(wanted));
    return this.users.find((user) =>
      [user.nick, user.email, user.login].some((name) => name?.toLowerCase() === wanted),
    );
  }

  /** Finds somebody by nick or domain\login, in any case; of two with the same nick the first. */
  findByNick(reference: unknown): User | undefined {
    const wanted = String(reference).trim().toLowerCase();
    return this.users.find(({ nick, login }) => nick.toLowerCase() === wanted || login?.toLowerCase() === wanted);
  }

  /** Finds somebody by e-mail, in any case. */
  findByEmail(reference: unknown): User | undefined {
    const wanted = String(reference).trim().toLowerCase();
    return this.users.find(({ email }) => email?.toLowerCase() === wanted);
  }

  /** Adds so many users, every other one online, beginning with the first, and answers their UINs. */
  addUsers(count: number): number[] {
    const first = Math.max(1000, ...this.users.map(({ uin }) => uin)) + 1;
    const added = Array.from({ length: count }, (_, index): User => {
      const uin = first + index;
      return { uin, nick: `nick-${uin}`, email: `user-${uin}@corp.example`, status: index % 2 === 0 ? 0 : -1 };
    });
    this.users.push(...added);
    return added.map(({ uin }) => uin);
  }

  /** A conference in which somebody is; an empty one does not exist. */
  findRoom(uid: number): Room | undefined {
    return this.rooms.find((room) => room.uid === uid && room.members.size > 0);
  }

  /** Somebody comes online and gets what was kept for them; or goes, and leaves all conferences. */
  setStatus(uin: number, status: Status): void {
    const user = this.users.find((candidate) => candidate.uin === uin);
    if (!user) throw new Error(`there is no UIN ${uin}`);
    user.status = status;
    if (status === -1) for (const room of this.rooms) room.members.delete(uin);
    else this.handOver(uin);
  }

  /** Somebody comes, free to talk, or goes. */
  setOnline(uin: number, isOnline: boolean): void {
    this.setStatus(uin, isOnline ? 0 : -1);
  }

  private handOver(uin: number): void {
    const waiting = this.said.all().filter(({ to, handedOverAt }) => 'uin' in to && to.uin === uin && !handedOverAt);
    for (const message of waiting) message.handedOverAt = Date.now();
  }
}
