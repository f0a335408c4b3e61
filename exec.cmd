@rem Scripts of package.json say "exec" so that a Unix shell gives way to the service, which then gets npm's signals itself
@rem and whose exit code is npm's. Windows has no such command and finds this one: it runs what follows.
@%*
