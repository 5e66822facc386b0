# Channels of others at the desk: figures, conversations, keywords, what was not said and not read

channels-title = Channels
channels-lead = SMS and the other channels where citizens write: what comes in, what goes out, and what waits. No number and no address stands on this page.
channels-overview = Overview
channels-talks = Conversations
channels-keywords = Keywords
channels-unsaid = Not sent
channels-unread = Not read
channels-blocked = Blocked
channels-none = There is no channel yet
channels-none-about = The operator sets up SMS or another channel in node.toml, section channels.
channels-gone = Somebody else has dealt with it, or its time is over.
channels-waiting = { $n ->
    [one] One message on a channel looks like no report; see whether it is one.
   *[other] { $n } messages on channels look like no report; see whether they are.
}

channel-off = Not set up
channel-up = Connected
channel-down = Down since { $since }
channel-down-about = The provider does not take what we send. What is to be sent waits and is not lost; what comes in is still taken.
channel-unfetched-about = No messages can be fetched from the provider. What citizens write is fetched once the line is there again, as long as the provider still keeps it.
channel-away-about = The provider cannot be reached. What is to be sent waits and is not lost; what citizens write is fetched once the line is there again, as long as the provider still keeps it.
channel-waits-in = In, not read yet
channel-waits-out = Waiting to be sent
channel-last-in = Last came in
channel-none-yet = Nothing yet
channel-waits-since = { $n }, the oldest since { $since }
channel-nothing-waits = Nothing
channel-counted = What is counted
channel-column = Channel
channel-all = All
channel-spans = Span
channel-open311 = Open311
channel-sum = Messages in = for reports + replies of reporters + the same report + commands + no report + not read yet. One report may be told in several messages, so new reports are counted by themselves. Press the name of a channel for more.
channel-today = Today
channel-week = 7 days
channel-month = 30 days
channel-came = Messages in
channel-parts = For reports
channel-reports = New reports
channel-acts = Replies of reporters
channel-aside = No report
channel-again = The same report
channel-commands = Commands
channel-unread = Not read yet
channel-suspect = New reports that look like abuse
channel-said = Sent
channel-refused = Refused by the provider
channel-closed = Waiting until the person writes again

talks-lead = Messages that look like no report, without the name and number of whoever wrote. One press makes one a report; the ticket is sent to whoever wrote. All are erased 30 days after they came.
talks-all = Show all messages of the last 30 days
talks-waiting-only = Show only what nobody has looked at
talks-none = Nothing waits
talks-none-about = Messages that are no report, no command and no answer appear here.
talk-column = Conversation
talk-messages = Messages to use
talk-file = Make it a report
talk-leave = Leave it
talk-block = Block …
talk-blocked = Blocked until { $until }
talk-has-place = with a location
talk-unreadable = Its channel is not set up, so its words cannot be read.
talk-was-refused = a reply that was not possible then
talk-was-doubted = came before this node was restored; look whether a report was made of it
talk-was-left = left already
talk-was-blocked = came while blocked
talk-choose = Choose at least one message.
talk-filed = Report { $ticket } was made, and its number is sent to whoever wrote.
talk-again = This text was reported as { $ticket } already; that number is sent once more.
talk-left = The message was left.
talk-unusable = No report can be made of this: it has no words, or too many.
talk-off = Its channel is not set up, so the message cannot be read.

blocked-lead = Messages of a blocked conversation are still taken, but not answered, and become no report. News of its reports is not sent either, nor afterwards. When the block is over, only what still waits for an answer is asked once more.
blocked-none = Nothing is blocked
blocked-none-about = A conversation is blocked from Conversations, or from a report that looks like abuse.
blocked-why = Reason
blocked-since = Since
blocked-until = Until
blocked-kept-out = Messages kept out
block-title = Block conversation
block-lead = Its messages are kept for 30 days and not answered. Whoever writes is not told. Block only what is truly abuse.
block-why-hint = It stands in the audit log. Write no name and no number.
block-for = For how long
block-days = { $n ->
    [one] One day
   *[other] { $n } days
}
block-go = Block
block-not = Cancel
block-done = The conversation is blocked.
block-lift = Unblock
block-lifted = The block has ended.

keywords-lead = A report that begins with such a word gets its category, region and suggested institution. For example: LAMPU Jalan gelap di depan pasar.
keywords-none = There are no keywords yet
keywords-none-about = Without them officers choose category and institution themselves.
keyword-word = Word
keyword-word-hint = One word of letters and digits alone, such as LAMPU. Elsewhere than by SMS it is known only where it is written LAMPU, #lampu or lampu:
keyword-says = Means
keyword-campaign = Campaign
keyword-campaign-hint = A name that officers know, such as Bandung Terang 2026.
keyword-region-hint = Used where the text of the report names no other region.
keyword-institution = Suggested institution
keyword-through = In force until
keyword-through-hint = Its last day; empty means without end.
keyword-ever = All
keyword-in-force = In force
keyword-until = In force until { $day }
keyword-has-ended = Ended { $day }
keyword-configured = In node.toml
keyword-change = Change
keyword-change-one = Change the word { $word }
keyword-end = End
keyword-add = Add a word
keyword-keep = Save the word
keyword-kept = The word { $word } is saved and in force at once.
keyword-ended = The keyword has ended. Its figures stay.
keyword-over = Choose today or a later day.
keyword-unusable = Use one word of letters and digits that means nothing else yet; STATUS, STOP and LAPOR for instance are taken.
keyword-is-configured = This word stands in node.toml and is changed only there, by the operator.
keyword-known = This word is there already. Change it in the list above.

unsaid-lead = Answers and news that did not arrive, and why. Their words are not shown and are erased after 30 days.
unsaid-none = All was sent
unsaid-none-about = What still waits for its turn stands in the overview.
unsaid-hidden = { $n ->
    [one] { $n } more is of a report that you do not see.
   *[other] { $n } more are of reports that you do not see.
}
unsaid-part = part of a report
unsaid-what = What
unsaid-at = Written
unsaid-why = Why
unsaid-news = News of a report
unsaid-answer = Answer
unsaid-refused = Refused
unsaid-closed = Waiting
unsaid-waited = Something on the way to { $channel } has waited for its answer in vain (504). It may have arrived.
unsaid-sealed = It cannot be opened. Was keys/channels.key replaced?
unsaid-closed-about = The provider allows it only after the person has written again.
unsaid-again = Send again
unsaid-again-done = It will be sent again.
unsaid-drop = Drop
unsaid-dropped = It will not be sent.

unread-lead = Messages of a shape that this version does not know, that failed again and again, or that are being tried again. None is lost.
unread-none = All was read
unread-none-about = Messages that could not be read appear here with the reason.
unread-number = Number
unread-channel = Channel
unread-came = Came in
unread-unread = Not readable
unread-stuck = Waits for a person
unread-put-off = Being tried again
unread-again = Read again
unread-again-all = Read all again
unread-again-done = Messages read again: { $n }.
unread-still = This version cannot read it yet.
unread-lay-aside = Move to Conversations
unread-laid-aside = The message is among the conversations.

did-channel-taken-up = Conversation made a report
did-channel-left = Message of a channel left
did-channel-laid-aside = Message of a channel moved to the conversations
did-channel-said-again = Refused message sent again
did-channel-dropped = Message that was not sent dropped
did-channel-blocked = Conversation blocked
did-channel-unblocked = Block of a conversation ended
did-channel-keyword-set = Keyword saved
did-channel-keyword-ended = Keyword ended
