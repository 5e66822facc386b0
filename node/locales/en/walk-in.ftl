# Reports that an officer takes in on somebody's behalf.

walk-in-title = Take in a report
walk-in-lead = For reports made at the counter, by letter or on the telephone. The reporter gets a ticket number and a key.
walk-in-reporter = The reporter
walk-in-reporter-about = Kept apart from the report. Only the identity keeper can open it. It may stay empty.
walk-in-phone = Telephone
walk-in-address = Address
walk-in-anonymous = Anonymous: the name is hidden from the institution complained about
walk-in-secret = Secret: the report is hidden from the public
walk-in-file = Save and print the receipt
walk-in-sent-before = This report has been saved. Find it in the inbox; its key is shown only once.
channel-counter = At the counter
channel-letter = Letter
channel-phone = Telephone
slip-title = Receipt
slip-lead = Print it or read it out to the reporter. The key is shown this once.
slip-key = Key
slip-about = With the ticket number you can track the report; with the key you can read answers and reply.
slip-recoverable = If you lose the key, you can ask for another through the contact that you gave.
slip-keep = Keep it safe: without a contact a lost key cannot be replaced.
slip-open = Open the report
slip-again = Take in another report
