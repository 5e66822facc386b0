# Answers that a superior signs.

approvals-title = Answers to sign
approvals-lead = An answer is published once somebody other than its author has signed it. The signer's name is kept.
approvals-none = No answers wait
approvals-none-about = Answers that need a signature appear here.
approvals-waiting = { $n ->
    [one] { $n } answer waits for a signature.
   *[other] { $n } answers wait for a signature.
}
approval-published = The answer is signed and published.
approval-returned = The answer has gone back to its author.
approval-dropped = The draft is dropped.
approval-alive = This answer can still be published. Sign it or give it back.
approval-own = Your own answer must be signed by somebody else.
approval-remark-needed = Write what needs to be mended.
approval-decided = This answer has been decided.
approval-changed = Its author has just corrected this answer. Read it again before you sign.
approval-evidence = This proposal to close carries no evidence. Give it back to its author.
answer-drafted = The answer is saved and waits for a signature.
draft-waiting = Waits for a signature
draft-returned = Given back
row-draft-returned = Answer given back
answers-returned = { $n ->
    [one] One answer of yours was given back to be improved.
   *[other] { $n } answers of yours were given back to be improved.
}
draft-closes = Proposes to close
draft-again = Mend the answer
draft-remark = Remark, if given back
draft-publish = Sign and publish
draft-return = Give back
approval-dead = This answer can no longer be published: the report has ended or another institution has it.
approval-drop = Drop the draft
draft-needed = An answer to the reporter is signed by a superior before it is published.
draft-title = Answers not yet published
signed-by = Signed by { $name }
file-kept-elsewhere = This file belongs to another draft. Choose the file once more.
draft-no-room = Too many files wait for a signature. Send it without files, or wait until other drafts are decided.
form-evidence = A proposal to close in this category carries evidence, such as a picture.
form-evidence-needed = Attach evidence: a picture or a document.
form-close-evidence = This category asks for evidence: first send an answer that proposes to close, with evidence.
form-close-approval = Answers are signed here: first send an answer that proposes to close.
