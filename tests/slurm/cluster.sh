#!/usr/bin/env bash
# A temporary Slurm of several nodes on one host. Needs root, munge, slurmctld, slurmd and slurm-client, but no systemd,
# cgroups, database or network. It does not touch a Slurm that the host itself has.
#
#     cluster.sh start DIR [NODES [CPUS]]   starts it, unless it is up, with all its files in DIR; else 4 nodes, 2 CPUs
#     cluster.sh stop DIR                   ends it and whatever it runs; DIR/log stays
#     cluster.sh crash DIR NODE             the node is gone: slurmd, steps and tasks are killed
#     cluster.sh silence DIR NODE           only its slurmd is killed, its tasks live on
#     cluster.sh revive DIR NODE            starts its slurmd again
#     cluster.sh pids DIR                   what lives of it
#
# Afterwards `source DIR/env.sh` makes sbatch and its like speak to it.
set -euo pipefail
shopt -s nullglob

export PATH=$PATH:/usr/sbin:/sbin

die() {
  printf 'cluster.sh: %s\n' "$*" >&2
  exit 1
}

usage() {
  sed -n '2,/^[^#]/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" >&2
  exit 2
}

# ---- processes

# The daemons of this cluster, which have files of DIR open. With a name, only these: munged, slurmctld, slurmd or
# slurmstepd. With a node too, only those of the node.
daemons() {
  local name=${1:-} log=${2:+log/slurmd-$2.log} pid program
  { find /proc/[0-9]*/fd -maxdepth 1 -lname "$dir/${log:-*}" 2>/dev/null || true; } |
    cut -d / -f 3 | sort -un | while read -r pid; do
      program=$(readlink "/proc/$pid/exe") || continue
      program=${program##*/}
      case ${program%-wlm} in
        munged | slurmctld | slurmd | slurmstepd) [[ -n $name && ${program%-wlm} != "$name" ]] || printf '%s\n' "$pid" ;;
      esac
    done
}

# The processes that its nodes (or one of them) run: they have the variables that slurmd sets.
tasks() {
  local pid
  { grep -lzxF "SLURM_CONF=$conf" /proc/[0-9]*/environ 2>/dev/null || true; } | cut -d / -f 3 | while read -r pid; do
    if grep -qz "^SLURMD_NODENAME=${1:+$1\$}" "/proc/$pid/environ" 2>/dev/null; then
      printf '%s\n' "$pid"
    fi
  done
}

# Ends processes, on request first with SIGTERM, and waits until they have ended. A zombie has no program.
end() {
  local signal=$1 pid tries
  shift
  for pid in "$@"; do
    kill "-$signal" "$pid" 2>/dev/null || true
  done
  for pid in "$@"; do
    for ((tries = 0; tries < 100; ++tries)); do
      [[ -n $(readlink "/proc/$pid/exe" 2>/dev/null) ]] || break
      [[ $tries != 50 ]] || kill -KILL "$pid" 2>/dev/null || true
      sleep 0.1
    done
  done
}

# ---- start

# Slurm looks up even 127.0.0.1 in a way that fails if this is the host's only address.
need_second_address() {
  if command -v ip >/dev/null && [[ -z $(ip -4 -o addr show scope global 2>/dev/null) ]]; then
    ip link set lo up 2>/dev/null || true
    ip addr add 198.51.100.1/32 dev lo 2>/dev/null || true # of the range for documentation
  fi
}

# The first of `$1` consecutive free ports, below the range of the system's ephemeral ports.
free_ports() {
  local base port
  for ((base = 17000; base < 31000; base += 100)); do
    for ((port = base; port < base + $1; ++port)); do
      if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
        continue 2
      fi
    done
    printf '%s\n' "$base"
    return
  done
  die "no free ports"
}

# Munge with its own key and socket. It requires its user and these rights.
start_munge() {
  install -d -o munge -g munge -m 711 "$dir/munge"
  if [[ ! -s $dir/munge/key ]]; then
    mungekey --create --keyfile="$dir/munge/key"
  fi
  chown munge:munge "$dir/munge/key"
  chmod 600 "$dir/munge/key"
  setpriv --reuid=munge --regid=munge --init-groups munged --key-file="$dir/munge/key" --socket="$dir/munge/socket" \
    --pid-file="$dir/munge/pid" --log-file="$dir/munge/log" --seed-file="$dir/munge/seed" --num-threads=2 ||
    die "munged does not start: $(tail -n 2 "$dir/munge/log" 2>&1)"
  munge -S "$dir/munge/socket" -n | unmunge -S "$dir/munge/socket" >/dev/null || die "munge does not work"
}

write_configuration() {
  local nodes=$1 cpus=$2 host port memory
  host=$(hostname -s 2>/dev/null || hostname)
  port=$(free_ports $((nodes + 1)))
  memory=$(awk '/^MemTotal/ {print int($2 / 1024 * 0.9)}' /proc/meminfo)
  cat >"$conf" <<CONF
ClusterName=deckle
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmUser=root
AuthType=auth/munge
# A task that is requeued waits until its credential has expired: by default two minutes.
AuthInfo=socket=$dir/munge/socket,cred_expire=5
CredType=cred/munge
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool/%n
SlurmctldPidFile=$dir/run/slurmctld.pid
SlurmdPidFile=$dir/run/slurmd-%n.pid
SlurmctldLogFile=$dir/log/slurmctld.log
SlurmdLogFile=$dir/log/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=2,bf_interval=2,batch_sched_delay=0
PriorityType=priority/basic
JobRequeue=1
# A node that does not answer is given up soon, and accepted again when it answers.
SlurmdTimeout=10
ReturnToService=2
SlurmctldTimeout=30
KillWait=5
# Ended jobs stay in squeue, because there is no accounting.
MinJobAge=3600
# More processors and memory than the host has, because the nodes share it.
SlurmdParameters=config_overrides
NodeName=n[1-$nodes] NodeHostname=$host NodeAddr=127.0.0.1 Port=[$((port + 1))-$((port + nodes))] CPUs=$cpus RealMemory=$memory State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE OverSubscribe=NO State=UP
CONF
  # slurmd opens this plugin though nothing uses it, and its autodetection fails without /sys/fs/cgroup.
  printf 'CgroupPlugin=cgroup/v1\n' >"$dir/cgroup.conf"
  printf 'export SLURM_CONF=%q\n' "$conf" >"$dir/env.sh"
}

# Whether the controller lives and `$1` nodes answer it. Without a controller, sinfo would wait long.
is_up() {
  [[ -n $(daemons slurmctld) ]] &&
    [[ $(timeout 5 sinfo -h -N -t idle,mixed,alloc,comp -o %N 2>/dev/null | sort -u | wc -l) == "$1" ]]
}

start_node() {
  mkdir -p "$dir/spool/$1"
  slurmd -N "$1" -f "$conf" || die "slurmd of $1 does not start: $(tail -n 3 "$dir/log/slurmd-$1.log" 2>&1)"
}

start() {
  local nodes=${1:-4} cpus=${2:-2} program i
  [[ $(id -u) == 0 ]] || die "needs root"
  for program in munged mungekey munge setpriv slurmctld slurmd sinfo sbatch; do
    command -v "$program" >/dev/null || die "$program is missing: install munge slurmctld slurmd slurm-client"
  done
  if is_up "$nodes"; then
    return
  fi
  stop
  rm -rf -- "$dir/state" "$dir/spool" "$dir/run"
  mkdir -p "$dir"/{log,run,state,spool}
  chmod 755 "$dir" "$dir"/{log,run,state,spool}
  need_second_address
  start_munge
  write_configuration "$nodes" "$cpus"
  slurmctld -f "$conf" || die "slurmctld does not start: $(tail -n 3 "$dir/log/slurmctld.log" 2>&1)"
  for ((i = 1; i <= nodes; ++i)); do
    start_node "n$i"
  done
  for ((i = 0; i < 300; ++i)); do
    if is_up "$nodes"; then
      return
    fi
    sleep 0.2
  done
  die "the nodes do not come up: $(timeout 5 sinfo -h -N -o '%N %T %E' 2>&1 | tr '\n' ';')"
}

# ---- stop

stop() {
  local i
  if [[ -n $(daemons slurmctld) ]]; then
    timeout 5 scancel --me >/dev/null 2>&1 || true
    for ((i = 0; i < 40; ++i)); do
      [[ -n $(daemons slurmstepd) ]] || break
      sleep 0.2
    done
  fi
  # shellcheck disable=SC2046 # process ids
  {
    end TERM $(daemons slurmd)
    end TERM $(daemons slurmctld)
    end KILL $(daemons slurmstepd)
    end KILL $(tasks)
    end TERM $(daemons munged)
  }
  [[ -z $(pids) ]] || die "still running: $(pids | tr '\n' ' ')"
}

pids() {
  daemons
  tasks
}

[[ $# -ge 2 ]] || usage
command=$1
mkdir -p -- "$2"
dir=$(cd -- "$2" && pwd -P)
conf=$dir/slurm.conf
shift 2
export SLURM_CONF=$conf

# shellcheck disable=SC2046 # process ids
case $command in
  start) start "$@" ;;
  stop) stop ;;
  pids) pids ;;
  crash) # slurmd first and the tasks last, so that nobody is left who could report that a task failed
    node=${1:?which node?}
    end KILL $(daemons slurmd "$node")
    end KILL $(daemons slurmstepd "$node")
    end KILL $(tasks "$node")
    ;;
  silence) end KILL $(daemons slurmd "${1:?which node?}") ;;
  revive) [[ -n $(daemons slurmd "${1:?which node?}") ]] || start_node "$1" ;;
  *) usage ;;
esac
