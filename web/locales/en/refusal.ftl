# Error pages: what happened, then what can be done.

refusal-400-title = The request cannot be read
refusal-400-text = Go back to the page before, load it again, and try once more.
refusal-401-title = You need to log in
refusal-401-text = Log in with your account, then open this page again.
refusal-403-title = Not allowed
refusal-403-text = This page or act is not for you, or the request came from another site. Open the page from this site and try again.
refusal-404-title = Page not found
refusal-404-text = The address may be mistyped, or the page is no longer here. Start from the front page.
refusal-405-title = It cannot be opened this way
refusal-405-text = Go back to the page before and use the button there.
refusal-408-title = What you sent took too long
refusal-408-text = Your connection may be slow at the moment. Send it once more.
refusal-409-title = Things have changed
refusal-409-text = Somebody else may just have done something here. Load the page again and look at the latest.
refusal-410-title = Erased
refusal-410-text = The content was erased on request or by rule, and cannot be shown any more.
refusal-link-title = This link is not valid any more
refusal-link-text = It was used already, or its time is over. Ask for a new one at the log-in page, or ask whoever runs this system.
refusal-413-title = What you sent is too large
refusal-413-text = Shorten the text or send a smaller file, then try again.
refusal-413-limit = What is sent at once, files and all that is filled in, may have { $size } at most. Shorten the text or send a smaller file, then try again.
refusal-415-title = This kind of content is not supported
refusal-415-text = Use the form on this site, or choose another type of file.
refusal-422-title = Something you filled in cannot be used
refusal-422-text = Go back to the form and check what you filled in.
refusal-429-title = Too many requests
refusal-429-text = For everybody's safety the number of attempts is limited. Please wait a moment.
refusal-500-title = Something went wrong on our side
refusal-500-text = What was saved is safe. Try again; if it happens again, give the operator the code below.
refusal-503-title = The service is not ready
refusal-503-text = What was saved is safe. Try again in a moment.
refusal-507-title = The storage is full
refusal-507-text = What you sent has not been saved. The operator needs to make room; try again later.
refusal-home = To the front page
refusal-code = Code of the request

wait-seconds = { $n ->
    [one] Please try again in { $n } second.
   *[other] Please try again in { $n } seconds.
}
wait-minutes = { $n ->
    [one] Please try again in { $n } minute.
   *[other] Please try again in { $n } minutes.
}
wait-hours = { $n ->
    [one] Please try again in { $n } hour.
   *[other] Please try again in { $n } hours.
}
