//! A story: acts that are ruled and folded in order, as the hub does it. Each
//! goes through its bytes, so that limits are part of every story.

use std::collections::{BTreeMap, BTreeSet};

use lapor_protocol::case::{self, Case, Effect, Order, Reason, Ruling, Share, State};
use lapor_protocol::chain::ChainHead;
use lapor_protocol::dsse::{MESSAGE_TYPE, pae};
use lapor_protocol::ids::{CaseId, Digest, InstanceId, MessageId, MessageRef};
use lapor_protocol::kinds::{Body, CaseRecalled};
use lapor_protocol::message::{Draft, Message};

use crate::acts;
use crate::invariants;
use crate::world::{World, id};

/// A message as the hub has ordered it in one case.
pub struct Ordered {
    pub message: Message,
    pub order: Order,
    pub directory: u64,
}

/// A payload and what became of it.
pub struct Ruled {
    pub payload: Vec<u8>,
    pub ruling: Ruling,
    pub ordered_at: i64,
    pub directory: u64,
}

pub struct Story {
    pub world: World,
    pub cases: BTreeMap<CaseId, Case>,
    /// The case that acts are about.
    pub current: CaseId,
    pub log: Vec<Ordered>,
    /// Everything that was ruled, applied or not, in order.
    pub ruled: Vec<Ruled>,
    pub clock: i64,
    /// Who got the last message, and how.
    pub audience: BTreeMap<InstanceId, Share>,
    heads: BTreeMap<InstanceId, ChainHead>,
    seen: BTreeSet<(InstanceId, MessageId)>,
    minted: u8,
}

impl Story {
    /// A federation without a case.
    pub fn empty() -> Self {
        Self {
            world: World::new(),
            cases: BTreeMap::new(),
            current: CaseId::mint(1, [0; 10]),
            log: Vec::new(),
            ruled: Vec::new(),
            heads: BTreeMap::new(),
            clock: 1_000,
            audience: BTreeMap::new(),
            seen: BTreeSet::new(),
            minted: 0,
        }
    }

    /// A report has been filed at `origin`.
    pub fn filed_at(origin: &str) -> Self {
        let mut story = Self::empty();
        story.new_case(origin, acts::filed());
        story
    }

    /// Files another report; later acts are about it.
    pub fn new_case(&mut self, origin: &str, filing: Body) -> CaseId {
        self.current = CaseId::mint(self.clock, [self.next(); 10]);
        self.applied(origin, filing);
        self.current
    }

    pub fn case(&self) -> &Case {
        &self.cases[&self.current]
    }

    /// The act has its effect; gives the message.
    #[track_caller]
    pub fn applied(&mut self, author: &str, body: Body) -> MessageRef {
        let kind = body.kind();
        let (ruling, message) = self.rule(author, self.usual_term(author, &body), body);
        assert_eq!(ruling, Ruling::APPLIED, "{kind} by {author}");
        message
    }

    /// The act has no effect, and nothing has changed.
    #[track_caller]
    pub fn refused(&mut self, author: &str, body: Body, effect: Effect, reason: Reason) {
        let term = self.usual_term(author, &body);
        self.refused_under(author, term, body, effect, reason);
    }

    /// As [`Self::refused`], relying on a custody of the caller's choice.
    #[track_caller]
    pub fn refused_under(
        &mut self,
        author: &str,
        term: Option<MessageRef>,
        body: Body,
        effect: Effect,
        reason: Reason,
    ) {
        let kind = body.kind();
        let before = self.cases.clone();
        let (ruling, _) = self.rule(author, term, body);
        let expected = Ruling {
            effect,
            reason: Some(reason),
        };
        assert_eq!(ruling, expected, "{kind} by {author}");
        assert_eq!(self.cases, before);
    }

    /// Who has the case, in what state.
    #[track_caller]
    pub fn stands(&self, custodian: &str, state: State) {
        let case = self.case();
        assert_eq!((&case.custodian, case.state), (&id(custodian), state));
    }

    #[track_caller]
    pub fn stack_is(&self, disposers: &[&str]) {
        let stack: Vec<_> = disposers.iter().map(|slug| id(slug)).collect();
        assert_eq!(self.case().stack, stack);
    }

    /// How the last message reached an institution.
    pub fn share(&self, slug: &str) -> Option<Share> {
        self.audience.get(&id(slug)).copied()
    }

    pub fn is_party(&self, slug: &str) -> bool {
        self.case().is_party(&id(slug), self.world.now())
    }

    /// The message that gave the custodian its custody.
    pub fn term(&self) -> MessageRef {
        self.case().term.clone()
    }

    /// Rules and folds one act, and asserts what must hold after any act.
    pub fn rule(
        &mut self,
        author: &str,
        term: Option<MessageRef>,
        body: Body,
    ) -> (Ruling, MessageRef) {
        let minted = self.next();
        self.rule_as(
            author,
            MessageId::mint(self.clock, [minted; 10]),
            term,
            body,
        )
    }

    /// As [`Self::rule`], under an id of the caller's choice.
    pub fn rule_as(
        &mut self,
        author: &str,
        message_id: MessageId,
        term: Option<MessageRef>,
        body: Body,
    ) -> (Ruling, MessageRef) {
        let draft = Draft {
            kind: body.kind().into(),
            id: message_id,
            case: Some(self.current),
            term,
            created_at: self.clock,
            body,
            sealed: None,
            attachments: Vec::new(),
        };
        let head = self.heads.entry(id(author)).or_insert(ChainHead::START);
        let payload = draft.payload(&id(author), head.next(), head.id);
        let message = Message::parse(&payload).unwrap();
        assert_eq!(head.admits(&message.header), Ok(()));
        *head = head.advanced(Digest::of(&pae(MESSAGE_TYPE, &payload)));
        self.clock += 1;
        let ruling = self.decide(&message);
        self.ruled.push(Ruled {
            payload,
            ruling,
            ordered_at: self.clock,
            directory: self.world.version(),
        });
        (ruling, message.header.message_ref())
    }

    fn decide(&mut self, message: &Message) -> Ruling {
        let header = &message.header;
        let second = message.body.as_ref().ok().and_then(Body::other_case);
        let seen = !self.seen.insert((header.author.clone(), header.id));
        let first = header.case.unwrap();
        let before = self.cases.get(&first).cloned();
        let other = second.and_then(|case| self.cases.get(&case));
        let world = self.world.now();
        let ruling = case::rule(message, seen, before.as_ref(), other, world);
        if let (true, Ok(body)) = (ruling.applied(), &message.body) {
            for case in std::iter::once(first).chain(second) {
                let order = self.order(case);
                let folded = case::apply(
                    message,
                    body,
                    order,
                    self.cases.get(&case).cloned(),
                    self.world.now(),
                );
                let before = self.cases.remove(&case);
                let after = folded.expect("an applied message leaves a case");
                invariants::hold(message, before.as_ref(), &after, self.world.now());
                self.cases.insert(case, after);
                self.log.push(Ordered {
                    message: message.clone(),
                    order,
                    directory: self.world.version(),
                });
            }
        }
        let after = self.cases.get(&first);
        let world = self.world.now();
        self.audience = case::audience(message, ruling.effect, before.as_ref(), after, world)
            .into_iter()
            .collect();
        ruling
    }

    fn order(&self, case: CaseId) -> Order {
        let before = self.log.iter().filter(|o| o.order.case == case).count();
        Order {
            case,
            case_seq: before as u64 + 1,
            ordered_at: self.clock,
        }
    }

    /// A custodian names its custody, a recall the custody that it ends.
    fn usual_term(&self, author: &str, body: &Body) -> Option<MessageRef> {
        let case = self.cases.get(&self.current)?;
        let recall = matches!(body, Body::CaseRecalled(CaseRecalled { .. }));
        let custodial = body.takes_term() && (recall || case.custodian == id(author));
        (custodial || body.needs_term()).then(|| case.term.clone())
    }

    fn next(&mut self) -> u8 {
        self.minted += 1;
        self.minted
    }
}
