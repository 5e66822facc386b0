# The application on a telephone: without a line, drafts, what waits.

waiting-title = Reports on this device
waiting-lead = Reports written without a connection wait here and are sent by themselves as soon as it is back.
waiting-offline = You have no connection. Other pages may not be kept on this device, but you can still write a report.
waiting-none = Nothing waits
waiting-none-about = All reports from this device have been sent.
waiting-write = Write a report
waiting-waits = Waiting for a connection.
waiting-sent = Sent. Note the ticket and the secret key.
waiting-refused = Not taken in yet; something has to be mended.
waiting-unsure = We do not know whether this report has arrived. So that it is not recorded twice, it is no longer sent by itself: open it, check it, and send it again if you need to.
waiting-unsent = Not sent yet; you are still writing it.
waiting-send = Send now
waiting-receipt = See the ticket
waiting-later = The ticket cannot be opened yet. Try again in a moment.
waiting-gone = Ticket number and key can be opened for seven days after the report was received, and are not shown any more.
waiting-mend = Mend it
waiting-drop = Remove from this device
waiting-sure = Remove this report from the device?
draft-restored = What you had not sent yet was restored from this device.
draft-queued = A report with these words is in the queue of this device already; sent from here as well, it is filed twice.
draft-drop = Remove this text
camera = Take a photo
draft-gone = These files are gone; choose them again:
