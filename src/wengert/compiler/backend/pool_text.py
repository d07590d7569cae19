"""The pool's native code, as LLVM's text: see pool.py for how it works."""

from __future__ import annotations

from string import Template
from typing import Final

PAR: Final = "wengert_par"
"""void wengert_par(ptr step, ptr table, i64 chunks, i32 threads); threads 0: as set by `wanted`."""

EXPORTS: Final = (PAR, "forked", "pausing", "wanted", "spins")

SERIAL: Final = f"""
define void @{PAR}(ptr %step, ptr %table, i64 %chunks, i32 %threads) {{
entry:
  br label %loop
loop:
  %chunk = phi i64 [ 0, %entry ], [ %next, %run ]
  %left = icmp ult i64 %chunk, %chunks
  br i1 %left, label %run, label %out
run:
  call void %step(ptr %table, i64 %chunk)
  %next = add i64 %chunk, 1
  br label %loop
out:
  ret void
}}
"""

# What several threads write lies in cache lines of their own. Jobs are atomic, as a thread may
# read one that is being replaced; its exchange of the ticket fails then.
_STATE: Final = """
@ticket = internal global i64 0, align 128
@finished = internal global i32 0, align 128
@sleepers = internal global i32 0, align 128
@step = internal global ptr null, align 128
@table = internal global ptr null
@chunks = internal global i64 0
@limit = internal global i32 0
@busy = internal global i32 0, align 128
@waiting = internal global i32 0
@started = internal global i32 0
@wanted = global i32 1
@spins = global i32 1000
declare i64 @syscall(i64, ...)
declare i32 @pthread_create(ptr, ptr, ptr, ptr)
declare i32 @pthread_detach(i64)
declare i32 @pthread_sigmask(i32, ptr, ptr)
declare i32 @sigfillset(ptr)
"""

# Run chunks of the step of ticket %seen, until there are no more or it is over.
_TAKE: Final = """
define internal void @take(i64 %seen) noinline {
entry:
  %step = load atomic ptr, ptr @step acquire, align 8
  %table = load atomic ptr, ptr @table acquire, align 8
  %chunks = load atomic i64, ptr @chunks acquire, align 8
  %count = trunc i64 %chunks to i32
  %number = lshr i64 %seen, 32
  br label %loop
loop:
  %ticket = phi i64 [ %seen, %entry ], [ %current, %try ], [ %later, %ran ]
  %its = lshr i64 %ticket, 32
  %same = icmp eq i64 %its, %number
  %chunk = and i64 %ticket, 4294967295
  %left = icmp ult i64 %chunk, %chunks
  %go = and i1 %same, %left
  br i1 %go, label %try, label %out
try:
  %next = add i64 %ticket, 1
  %pair = cmpxchg ptr @ticket, i64 %ticket, i64 %next seq_cst seq_cst, align 8
  %current = extractvalue { i64, i1 } %pair, 0
  %taken = extractvalue { i64, i1 } %pair, 1
  br i1 %taken, label %run, label %loop
run:
  call void %step(ptr %table, i64 %chunk)
  %before = atomicrmw add ptr @finished, i32 1 seq_cst, align 4
  %done = add i32 %before, 1
  %last = icmp eq i32 %done, %count
  br i1 %last, label %tell, label %ran
tell:
  %w = load atomic i32, ptr @waiting seq_cst, align 4
  %asleep = icmp ne i32 %w, 0
  br i1 %asleep, label %wake, label %ran
wake:
  call i64 (i64, ...) @syscall(i64 $futex, ptr @finished, i32 129, i32 1)
  br label %ran
ran:
  %later = load atomic i64, ptr @ticket acquire, align 8
  br label %loop
out:
  ret void
}
"""

# A thread of the pool. %self: its index, from 1; it takes part in steps with a higher limit.
_WORKER: Final = """
define internal ptr @worker(ptr %self) {
entry:
  %index = ptrtoint ptr %self to i32
  %high = getelementptr i8, ptr @ticket, i64 4
  br label %look
look:
  %last = phi i32 [ 0, %entry ], [ %last, %idle ], [ %last, %sleep ], [ %number, %fresh ], [ %number, %work ]
  %turn = phi i32 [ 0, %entry ], [ %turned, %idle ], [ 0, %sleep ], [ %turn, %fresh ], [ 0, %work ]
  %ticket = load atomic i64, ptr @ticket acquire, align 8
  %upper = lshr i64 %ticket, 32
  %number = trunc i64 %upper to i32
  %new = icmp ne i32 %number, %last
  br i1 %new, label %fresh, label %idle
idle:
  $pause
  %turned = add i32 %turn, 1
  %most = load atomic i32, ptr @spins monotonic, align 4
  %again = icmp ult i32 %turned, %most
  br i1 %again, label %look, label %sleep
sleep:
  atomicrmw add ptr @sleepers, i32 1 seq_cst, align 4
  call i64 (i64, ...) @syscall(i64 $futex, ptr %high, i32 128, i32 %last, ptr null)
  atomicrmw sub ptr @sleepers, i32 1 seq_cst, align 4
  br label %look
fresh:
  %limit = load atomic i32, ptr @limit acquire, align 4
  %mine = icmp ult i32 %index, %limit
  br i1 %mine, label %work, label %look
work:
  call void @take(i64 %ticket)
  br label %look
}
"""  # noqa: E501 - the lines of a phi cannot be broken in a readable way

# Start threads until there are %limit - 1, with all signals blocked: those are the interpreter's.
_START: Final = """
define internal void @start(i32 %limit) noinline {
entry:
  %all = alloca [128 x i8], align 8
  %old = alloca [128 x i8], align 8
  %thread = alloca i64
  call i32 @sigfillset(ptr %all)
  call i32 @pthread_sigmask(i32 2, ptr %all, ptr %old)
  %have = load i32, ptr @started
  br label %loop
loop:
  %n = phi i32 [ %have, %entry ], [ %index, %made ]
  %index = add i32 %n, 1
  %enough = icmp uge i32 %index, %limit
  br i1 %enough, label %out, label %make
make:
  %wide = zext i32 %index to i64
  %self = inttoptr i64 %wide to ptr
  %error = call i32 @pthread_create(ptr %thread, ptr null, ptr @worker, ptr %self)
  %failed = icmp ne i32 %error, 0
  br i1 %failed, label %out, label %made
made:
  %id = load i64, ptr %thread
  call i32 @pthread_detach(i64 %id)
  br label %loop
out:
  store i32 %n, ptr @started
  call i32 @pthread_sigmask(i32 2, ptr %old, ptr null)
  ret void
}
"""

# First close the ticket (an odd number, no chunks), then replace the job, then open the next.
_PAR: Final = f"""
define void @{PAR}(ptr %step, ptr %table, i64 %chunks, i32 %threads) {{
entry:
  %default = load atomic i32, ptr @wanted monotonic, align 4
  %unsaid = icmp eq i32 %threads, 0
  %limit = select i1 %unsaid, i32 %default, i32 %threads
  %many = icmp ugt i32 %limit, 1
  %above = icmp ugt i64 %chunks, 1
  %below = icmp ult i64 %chunks, 2147483648
  %some = and i1 %above, %below
  %parallel = and i1 %many, %some
  br i1 %parallel, label %lock, label %alone
lock:
  %pair = cmpxchg ptr @busy, i32 0, i32 1 seq_cst seq_cst, align 4
  %free = extractvalue {{ i32, i1 }} %pair, 1
  br i1 %free, label %count, label %alone
alone:
  call void @alone(ptr %step, ptr %table, i64 %chunks)
  ret void
count:
  %workers = load i32, ptr @started
  %lacking = sub i32 %limit, %workers
  %few = icmp sgt i32 %lacking, 1
  br i1 %few, label %more, label %open
more:
  call void @start(i32 %limit)
  br label %open
open:
  %old = load atomic i64, ptr @ticket monotonic, align 8
  %closed = or i64 %old, 8589934591
  store atomic i64 %closed, ptr @ticket seq_cst, align 8
  fence seq_cst
  store atomic ptr %step, ptr @step release, align 8
  store atomic ptr %table, ptr @table release, align 8
  store atomic i64 %chunks, ptr @chunks release, align 8
  store atomic i32 %limit, ptr @limit release, align 4
  store atomic i32 0, ptr @finished release, align 4
  %ticket = add i64 %closed, 1
  store atomic i64 %ticket, ptr @ticket seq_cst, align 8
  %sleepers = load atomic i32, ptr @sleepers seq_cst, align 4
  %asleep = icmp ne i32 %sleepers, 0
  br i1 %asleep, label %wake, label %go
wake:
  %all = icmp sle i32 %lacking, 0
  %rest = add i64 %chunks, -1
  %few32 = trunc i64 %rest to i32
  %woken = select i1 %all, i32 2147483647, i32 %few32
  %high = getelementptr i8, ptr @ticket, i64 4
  call i64 (i64, ...) @syscall(i64 $futex, ptr %high, i32 129, i32 %woken)
  br label %go
go:
  call void @take(i64 %ticket)
  %whole = trunc i64 %chunks to i32
  br label %wait
wait:
  %turn = phi i32 [ 0, %go ], [ %turned, %pause ], [ 0, %awake ]
  %finished = load atomic i32, ptr @finished seq_cst, align 4
  %over = icmp eq i32 %finished, %whole
  br i1 %over, label %out, label %pause
pause:
  $pause
  %turned = add i32 %turn, 1
  %most = load atomic i32, ptr @spins monotonic, align 4
  %again = icmp ult i32 %turned, %most
  br i1 %again, label %wait, label %park
park:
  store atomic i32 1, ptr @waiting seq_cst, align 4
  %now = load atomic i32, ptr @finished seq_cst, align 4
  %meanwhile = icmp eq i32 %now, %whole
  br i1 %meanwhile, label %awake, label %doze
doze:
  call i64 (i64, ...) @syscall(i64 $futex, ptr @finished, i32 128, i32 %now, ptr null)
  br label %awake
awake:
  store atomic i32 0, ptr @waiting seq_cst, align 4
  br label %wait
out:
  store atomic i32 0, ptr @busy release, align 4
  ret void
}}
"""

# In a child process there is no thread but the caller's, and nobody is in the middle of a step.
_REST: Final = """
define void @forked() {
  %old = load atomic i64, ptr @ticket monotonic, align 8
  %closed = or i64 %old, 8589934591
  %next = add i64 %closed, 1
  %shut = or i64 %next, 8589934591
  store atomic i64 %shut, ptr @ticket seq_cst, align 8
  store i32 0, ptr @started
  store atomic i32 0, ptr @sleepers seq_cst, align 4
  store atomic i32 0, ptr @waiting seq_cst, align 4
  store atomic i32 0, ptr @busy seq_cst, align 4
  ret void
}
define void @pausing(i32 %turns) {
entry:
  br label %loop
loop:
  %turn = phi i32 [ 0, %entry ], [ %turned, %loop ]
  %ticket = load atomic i64, ptr @ticket acquire, align 8
  $pause
  %turned = add i32 %turn, 1
  %most = load atomic i32, ptr @spins monotonic, align 4
  %again = icmp ult i32 %turned, %turns
  br i1 %again, label %loop, label %out
out:
  ret void
}
"""


def pool_text(futex: int, pause: str, declared: str) -> str:
    """The pool for Linux. futex: the number of that system call. pause: between two looks."""
    alone = SERIAL.replace(f"@{PAR}", "@alone").replace(", i32 %threads", "")
    alone = alone.replace("define void", "define internal void")
    text = Template("".join([_STATE, declared, alone, _TAKE, _WORKER, _START, _PAR, _REST]))
    return text.substitute(futex=futex, pause=pause)
