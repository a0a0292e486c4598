#!/bin/sh
# A Slurm of one node with two processors, in the folder $1: installs it on Debian where it is missing, starts its daemons
# there, and waits for its node. Its configuration is the system's own, since all that it starts looks there alone.
# Needs root, and a system that has no Slurm yet. Without accounting: states come from squeue and scontrol.
set -e
folder=$1
conf=/etc/slurm/slurm.conf
command -v slurmctld >/dev/null ||
  { apt-get update && apt-get install -y --no-install-recommends slurm-wlm munge; } >"$folder/install.log" 2>&1
mkdir -p "$folder/state" "$folder/spool" /run/munge
chown munge: /run/munge
pgrep -x munged >/dev/null || runuser -u munge -- munged
cat >$conf <<CONF
ClusterName=one
SlurmctldHost=$(hostname -s)(127.0.0.1)
SlurmctldPort=16817
SlurmdPort=16818
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
MinJobAge=3600
MailProg=/bin/true
MpiDefault=none
NodeName=$(hostname -s) NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=here Nodes=ALL Default=YES MaxTime=INFINITE State=UP OverSubscribe=NO
CONF
slurmctld -i
slurmd
for second in $(seq 60); do
  sinfo -h -o %T | grep -q idle && exit 0
  sleep 1
done
echo "its node does not come up, see $folder/slurmd.log"
exit 1
