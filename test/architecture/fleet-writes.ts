/** What keeps a write of a node that was paused, and comes back late, from undoing what others have done meanwhile. */
export interface FleetWrite {
  /** What the write meets, or why it needs to meet nothing. */
  readonly fence: string;
  /** The title of the test that writes late; absent where nothing that others do can be undone by it. */
  readonly late?: string;
  /** The title of the test whose connections break before and after each of its commands. */
  readonly cut: string;
}

/** Every method of a store's port that writes to MongoDB, as `Port.method`. */
export const FLEET_WRITES: Readonly<Record<string, FleetWrite>> = {
  'AgentEventStore.record': {
    fence: "the event's identity is its key",
    late: 'an event that is kept already',
    cut: 'says of each event that it stored it when',
  },
  'AgentEventStore.put': {
    fence: 'the mark of the state that it came from',
    late: 'a decision about what is decided',
    cut: 'says that it stored a change when',
  },
  'AgentEventStore.delivered': {
    fence: 'the mark of the state that is due',
    late: 'the coming of a verdict that has lapsed',
    cut: 'marks as delivered when',
  },
  'AgentEventStore.lapse': {
    fence: 'only what is due lapses, which the write itself looks at',
    late: 'the lapse of a verdict that has come',
    cut: 'a lapse, and the forgetting of events',
  },
  'AgentEventStore.forget': {
    fence: 'none: what is old and asks nobody never becomes anything else',
    cut: 'a lapse, and the forgetting of events',
  },
  'AlertLog.raise': {
    fence: 'none: counts add up in any order, and each is counted once by its mark',
    late: 'counts what comes late once, and moves nothing back by it',
    cut: 'an alert',
  },
  'ApiKeyRepository.add': {
    fence: "the owner's document, at which all that make keys for him meet",
    late: 'the last key of an owner',
    cut: 'the making of a key',
  },
  'ApiKeyRepository.touch': {
    fence: 'only a key that is not revoked, and not after a later use',
    late: 'a use of a key',
    cut: 'a use of a key',
  },
  'ApiKeyRepository.revoke': {
    fence: 'only a key that is not revoked',
    late: 'the end of a key',
    cut: 'the end of a key',
  },
  'ApiKeyRepository.revokeAllOf': {
    fence: 'none: it ends what is live when it writes, once',
    cut: 'the end of all keys of a user',
  },
  'AttemptCounter.count': {
    fence: "the limit, by the server's clock, in the write itself",
    late: 'an attempt that is one too many by now',
    cut: 'count an attempt once when the connection breaks',
  },
  'AttemptCounter.giveBack': {
    fence: 'the name of the window',
    late: 'gives nothing back late into a window that was opened after its own',
    cut: 'give an attempt back once when the connection breaks',
  },
  'AttemptCounter.forget': {
    fence: 'none: the right password ends what there is to wait for when it is written',
    cut: 'the end of a window of attempts',
  },
  'AuditLog.append': {
    fence: 'the next number of the log, and the id of the record',
    late: 'take a record in once, also when it is brought once more after it was chained',
    cut: 'has each act once when the connection breaks',
  },
  'AuditLog.anchor': {
    fence: 'a place that is not before the one that is noted; a chain is one process’s alone',
    late: 'part when two processes go on with one: a copy of a process begins a chain of its own',
    cut: 'has each act once when the connection breaks',
  },
  'ChatRepository.add': {
    fence: "the owner's document, at which all that make chats for him meet",
    late: 'a chat more than its owner may have',
    cut: 'the adding of a chat',
  },
  'ChatRepository.rename': {
    fence: 'the chat is there; of two names that nobody has been told of yet either may be the last',
    late: 'a receipt after another one, and a name or a removal of a chat that is gone',
    cut: 'a renaming',
  },
  'ChatRepository.remove': {
    fence: 'the chat is there, and its slot is free',
    late: 'a receipt after another one, and a name or a removal of a chat that is gone',
    cut: 'a removal',
  },
  'EventLog.append': {
    fence: 'the offset in the chat is the key',
    late: 'takes no event of a stream that was ended',
    cut: 'an append',
  },
  'Leases.hold': {
    fence: "the holder and the end of his lease, by the server's clock",
    late: 'the renewal of a lease that another has taken',
    cut: 'a lease',
  },
  'Leases.release': {
    fence: 'the holder',
    late: 'the release of a lease that another has taken',
    cut: 'a lease',
  },
  'LoginSessionRepository.begin': {
    fence: 'none in the store: whoever begins looks at the account once more, and ends it again',
    cut: 'a beginning login',
  },
  'LoginSessionRepository.beginCookie': {
    fence: 'none in the store: whoever begins looks at the account once more, and ends it again',
    cut: 'a beginning login that replaces another',
  },
  'LoginSessionRepository.touch': {
    fence: 'only a session that lives, and not after a later use',
    late: 'a use',
    cut: 'a use of a login',
  },
  'LoginSessionRepository.rotate': {
    fence: 'the token is the last one of a family that lives',
    late: 'an exchange of a token',
    cut: 'the exchange of a refresh token',
  },
  'LoginSessionRepository.endByToken': {
    fence: 'only a session that lives',
    late: 'an end by a token',
    cut: 'the end of a login by its token',
  },
  'LoginSessionRepository.end': {
    fence: 'only a session that lives',
    late: 'an end',
    cut: 'the end of a login',
  },
  'LoginSessionRepository.endOneOf': {
    fence: 'only a session that lives',
    late: 'an end of one of his own',
    cut: 'the end of one of his own logins',
  },
  'LoginSessionRepository.endAllOf': {
    fence: 'none: it ends what lives when it writes, once',
    cut: 'the end of all logins',
  },
  'McpInventories.replace': {
    fence: 'the mark of what was read, and the time at which that was said',
    late: 'an inventory that was said before the one that is there',
    cut: 'an inventory',
  },
  'McpInventories.forget': {
    fence: 'the mark of what was read',
    late: 'the forgetting of an inventory that was said anew',
    cut: 'an inventory',
  },
  'MoveTarget.begin': {
    fence: 'the id of the move; whoever moves has the lock of the folder that is moved',
    late: 'touches no database that has anything in it, and no other move’s',
    cut: 'comes to the same when the connection breaks before, and then after, each kind of command',
  },
  'MoveTarget.put': {
    fence: 'the keys of the rows',
    late: 'comes to the same after a kill at any of its writes',
    cut: 'comes to the same when the connection breaks before, and then after, each kind of command',
  },
  'MoveTarget.complete': {
    fence: 'none: it says again what is so',
    cut: 'comes to the same when the connection breaks before, and then after, each kind of command',
  },
  'PolicyStore.write': {
    fence: 'the version before it',
    late: 'a policy over the next one',
    cut: 'writes the policy once, when the connection breaks',
  },
  'ReaderMarks.mark': {
    fence: 'a document for each incarnation of a node, and the time of what that said last',
    late: 'do not go back to what a node said before, when that comes late',
    cut: 'a mark of readers',
  },
  'ReservationLedger.reserve': {
    fence: 'the version of the account, and the id, which an abort has voided',
    late: 'reserve holds nothing for a start that another node has taken back',
    cut: 'charges right when the connection breaks',
  },
  'ReservationLedger.extend': {
    fence: 'the hold is open',
    late: 'extend renews no hold that has been settled because nobody renewed it',
    cut: 'charges right when the connection breaks',
  },
  'ReservationLedger.settle': {
    fence: 'the hold is open',
    late: 'changes nothing of a hold that another node has',
    cut: 'charges right when the connection breaks',
  },
  'ReservationLedger.release': {
    fence: 'the hold is open',
    late: 'changes nothing of a hold that another node has',
    cut: 'charges right when the connection breaks',
  },
  'ReservationLedger.expireDue': {
    fence: 'the hold is open and due, which is looked at again by the version of the account',
    late: 'an expiry of a hold that was renewed',
    cut: 'charges right when the connection breaks',
  },
  'ReservationLedger.grant': {
    fence: 'the id of the grant',
    late: 'a grant that is given already',
    cut: 'charges right when the connection breaks',
  },
  'ReservationLedger.adjust': {
    fence: 'the id of the change, and the version of the account',
    late: 'changes nothing on a repeat, also of a change that moved nothing',
    cut: 'charges right when the connection breaks',
  },
  'ReservationLedger.deduct': {
    fence: 'the id of the spend, and the version of the account',
    late: 'spends at once with a usage record, and once for a repeat',
    cut: 'charges right when the connection breaks',
  },
  'ReservationLedger.recordUsage': {
    fence: 'the id of the record',
    late: 'a record of usage that is there already',
    cut: 'charges right when the connection breaks',
  },
  'SigningKeyRepository.addFirst': {
    fence: 'the one key of the first one',
    late: 'a first signing key',
    cut: 'the first signing key',
  },
  'StreamRepository.claim': {
    fence: "the chat's slot",
    late: 'a claim of a slot that is taken, and one of a chat that is gone',
    cut: 'a claim',
  },
  'StreamRepository.activate': {
    fence: 'the stream is opening',
    late: 'sets nothing running that was undone, and undoes nothing that runs or has ended',
    cut: 'an activation',
  },
  'StreamRepository.abandon': {
    fence: 'the stream is opening',
    late: 'sets nothing running that was undone, and undoes nothing that runs or has ended',
    cut: 'an undoing',
  },
  'StreamRepository.takeRoom': {
    fence: 'how many are in the list; who finds it full takes those out that have ended',
    late: 'are all taken by those who race for the rooms that others have left',
    cut: 'a room',
  },
  'StreamRepository.wishStop': {
    fence: 'the stream is running',
    late: 'wishes nothing of a stream that was ended',
    cut: 'a wish that it be stopped',
  },
  'StreamRepository.seal': {
    fence: 'the stream is running, and the offset in the chat is the key',
    late: 'ends nothing a second time',
    cut: 'an end',
  },
  'StreamRepository.accept': {
    fence: 'the state before it',
    late: 'takes no receipt after another one, or of a state that is over',
    cut: 'a receipt',
  },
  'StreamRepository.acknowledgeIntent': {
    fence: 'none: a debt is stored once, with the end',
    late: 'brings no debt back that was acknowledged',
    cut: 'an acknowledgement',
  },
  'StreamRepository.expireEnded': {
    fence: 'the stream has ended and owes nothing, neither of which changes',
    late: 'claim one slot once, end one stream once and expire it once, however many of both try',
    cut: 'an expiry',
  },
  'SubscriberDirectory.put': {
    fence: 'the mark of the state that it came from',
    late: 'a change of a session that somebody else has taken back',
    cut: 'stores what it says it stored when the connection breaks',
  },
  'SubscriberDirectory.replaceAll': {
    fence: 'the mark of the state that each came from',
    late: 'leaves alone what has changed meanwhile or is not there, and stores the others',
    cut: 'stores what it says it stored when the connection breaks',
  },
  'SubscriberDirectory.remove': {
    fence: 'the mark of the state that it ends',
    late: 'the removal of a session that has changed',
    cut: 'stores what it says it stored when the connection breaks',
  },
  'SubscriberDirectory.expire': {
    fence: 'its lease has run out, which the write itself looks at',
    late: 'the sweeping away of a session that somebody came back to',
    cut: 'the sweeping away of sessions',
  },
  'TicketRepository.add': {
    fence: "the user's document, at which all that make tickets for him meet",
    late: 'the last ticket of a user',
    cut: 'the making of a ticket',
  },
  'TicketRepository.take': {
    fence: 'the ticket is there',
    late: 'the use of a ticket',
    cut: 'the use of a ticket',
  },
  'UserRepository.add': {
    fence: 'the names are keys',
    late: 'an account of a name',
    cut: 'the adding of an account',
  },
  'UserRepository.change': {
    fence: 'the password that it replaces, and the document at which all that concerns admins meets',
    late: 'the demotion of the other admin',
    cut: 'a change of a password by a cookie login',
  },
};

/** Every other method of those ports: it only reads, listens or opens. */
export const FLEET_READS: Readonly<Record<string, readonly string[]>> = {
  AgentEventStore: [
    'find',
    'findSame',
    'findByReview',
    'findNewest',
    'list',
    'due',
    'ofConnection',
    'dueRoutes',
    'overdue',
    'pendingReviews',
    'statistics',
  ],
  AlertLog: ['list'],
  ApiKeyRepository: ['find', 'listLive'],
  AttemptCounter: ['look'],
  AttemptCounters: ['open'],
  AuditLog: ['read', 'heads', 'subscribe'],
  AuditReader: ['read', 'heads'],
  ChatRepository: ['find', 'list', 'messages', 'count'],
  EventLog: ['read'],
  Leases: ['list'],
  LoginSessionRepository: ['findByCookie', 'isLive', 'listLive'],
  McpInventories: ['list'],
  MoveTarget: ['mark', 'progress', 'count', 'sums'],
  PolicyStore: ['read'],
  ReaderMarks: ['since'],
  ReservationLedger: ['account', 'grants', 'reservation', 'reservations', 'usage', 'usageTotals', 'journal'],
  RevocationLog: ['after', 'range'],
  SigningKeyRepository: ['list'],
  StreamRepository: [
    'findOwned',
    'whereabouts',
    'latestOf',
    'tombstoneOf',
    'streamAt',
    'logEnd',
    'active',
    'drivers',
    'drivenBy',
    'stopsWished',
    'pendingIntents',
  ],
  SubscriberDirectory: ['find', 'findAll', 'list', 'nodes', 'heldBy'],
  UserRepository: ['find', 'findByUsername', 'findByEmail', 'search', 'count', 'hasMark'],
};

/** Ports whose adapters only look: a picture of a store, for the doctor. */
export const FLEET_LOOKS: readonly string[] = ['IdentityPicture', 'StoreInspection', 'StorePicture'];
