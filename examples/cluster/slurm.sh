#!/bin/bash
#SBATCH --job-name=archsearch
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=16
#SBATCH --time=12:00:00
# sbatch slurm.sh: Ray's head on the first node, the others join, the search runs beside the head. Submitted again, it resumes.
set -e
nodes=($(scontrol show hostnames "$SLURM_JOB_NODELIST"))
head="${nodes[0]}"
address="$(srun --nodes=1 --ntasks=1 -w "$head" hostname --ip-address | awk '{print $1}'):6379"
export RAY_AUTH_MODE=token RAY_AUTH_TOKEN="$(head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n')"
srun --nodes=1 --ntasks=1 -w "$head" ray start --head --port=6379 --num-cpus="$SLURM_CPUS_PER_TASK" --block &
sleep 20
if ((${#nodes[@]} > 1)); then
    srun --nodes=$((${#nodes[@]} - 1)) --ntasks-per-node=1 --exclude="$head" \
        ray start --address="$address" --num-cpus="$SLURM_CPUS_PER_TASK" --block &
fi
srun --overlap --nodes=1 --ntasks=1 -w "$head" archsearch search mine.py --backend ray --address "$address" \
    --directory "$PWD/runs/mine" --workers $((${#nodes[@]} * SLURM_CPUS_PER_TASK)) --hours 11.5
