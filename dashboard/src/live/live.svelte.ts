/* eslint-disable svelte/prefer-svelte-reactivity -- what is drawn is the view; a URL and open questions are not */
/** The one live source: what the worker says, as it last said it. */
import { save } from '../lib/files.ts';
import { inTurn, leaveTurn } from '../lib/turns.ts';
import type { ListView } from '../worker/list.ts';
import type { Connection, Kind, Order, Question, Questions, Report, Served, TimeColumns, View } from '../worker/messages.ts'; // prettier-ignore

export interface Live {
  readonly view: View | undefined;
  /** What is in focus over time; a view that says nothing of it leaves it as it was. */
  readonly time: TimeColumns | undefined;
  /** Parts that come some frames behind the view: they are not all drawn in one. */
  readonly list: ListView | undefined;
  readonly drops: View | undefined;
  readonly side: View | undefined;
  readonly connection: Connection;
  readonly served: Served | undefined;
  /** Name of the file that is looked at. */
  readonly file: string | undefined;
  /** What was wrong with the last file. */
  readonly problem: string;
  send(order: Order): void;
  ask<K extends Kind>(kind: K, asked: Questions[K]['asked']): Promise<Questions[K]['answer']>;
}

/** @param onSession when another one begins: of a file or of agents, as before or instead of the other */
export function createLive(onSession: (isOtherSource: boolean) => void): Live {
  const worker = new Worker(new URL('../worker/main.ts', import.meta.url), { type: 'module' });
  let view = $state.raw<View>();
  let time = $state.raw<TimeColumns>();
  let list = $state.raw<ListView>();
  let drops = $state.raw<View>();
  let side = $state.raw<View>();
  let connection = $state.raw<Connection>({ state: 'connecting' });
  let served = $state.raw<Served>();
  let file = $state<string>();
  let problem = $state('');
  const [listTurn, dropTurn, sideTurn] = [{}, {}, {}];
  const asked = new Map<number, (answer: never) => void>();
  let questions = 0;

  function begin(of: string | undefined): void {
    [listTurn, dropTurn, sideTurn].forEach(leaveTurn);
    view = list = drops = side = undefined;
    const isOtherSource = of !== undefined || file !== undefined;
    file = of;
    onSession(isOtherSource);
  }

  function take(report: View): void {
    // The same row is the same object: what is drawn of its shape alone stays.
    if (report.focus && report.focus.shape.id === view?.focus?.shape.id) report.focus.shape = view.focus.shape;
    if (report.time) time = report.time;
    view = report;
    inTurn(listTurn, () => (list = report.list));
    inTurn(dropTurn, () => (drops = report));
    inTurn(sideTurn, () => (side = report));
  }

  worker.onmessage = ({ data }: MessageEvent<Report>) => {
    switch (data.type) {
      case 'view':
        return take(data);
      case 'list':
        leaveTurn(listTurn);
        return void (list = data.list);
      case 'answer':
        asked.get(data.number)?.(data.answer as never);
        return void asked.delete(data.number);
      case 'connection':
        return void (connection = data.connection);
      case 'served':
        return void (served = data.served);
      case 'session':
        return begin(data.file);
      case 'saved':
        return save(snapshotName(), data.blob);
      case 'problem':
        return void (problem = data.text);
    }
  };

  function send(order: Order): void {
    if (order.type === 'open' || order.type === 'save') problem = '';
    worker.postMessage(order);
  }

  return {
    get view() {
      return view;
    },
    get time() {
      return time;
    },
    get list() {
      return list;
    },
    get drops() {
      return drops;
    },
    get side() {
      return side;
    },
    get connection() {
      return connection;
    },
    get served() {
      return served;
    },
    get file() {
      return file;
    },
    get problem() {
      return problem;
    },
    send,
    ask: (kind, what) =>
      new Promise((resolve) => {
        asked.set(++questions, resolve);
        send({ type: 'ask', number: questions, question: { kind, asked: what } as Question });
      }),
  };
}

/** For the time at which it was taken. */
const snapshotName = (): string => `${new Date().toISOString().slice(0, 19).replaceAll(':', '')}Z.hoplens`;
