sso-go = Log in with { $provider }
sso-or = Or log in with a password:
sso-unknown = There is no account for you here yet. Ask your institution's admin to make one.
sso-stale = That log-in is not valid any more. Please begin again.
sso-away = Your institution's log-in service cannot be reached. Try again later, or log in with a password.
sso-refused = Your institution's log-in service did not confirm who you are. Ask your admin.
