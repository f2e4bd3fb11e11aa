#pragma once

#include <string>
#include <vector>

namespace corpuscle::tune {

/// A job array of Slurm, every task of which runs the same command: one worker of a study.
struct SlurmArray {
  std::string name;                  ///< of the job, as `squeue` shows it
  std::string directory;             ///< an absolute path: task T of job J appends to `directory`/J_T.log
  std::vector<std::string> command;  ///< a program and its arguments, with absolute paths
  int tasks = 1;                     ///< > 0
  std::vector<std::string> options;  ///< for sbatch; they win over those that the script has of its own
};

/// The script that sbatch takes.
///
/// The command takes the place of the shell, so that it is what Slurm signals: with SIGTERM a minute and a
/// half before the time limit, which leaves a worker the minute that it gives a training to save (Slurm may
/// be up to another minute early), and, with all that it has started, when the job is cancelled, preempted or
/// requeued. A task that loses its node, or makes room for others, is queued again by Slurm and appends to
/// its old log.
/// @throws core::ConfigError for what the #SBATCH lines cannot hold: line breaks, and a backslash in
/// `directory`
std::string slurm_script(SlurmArray const& array);

/// Writes `directory`/submit.sh, which `sbatch` takes again later for more workers, and submits it.
/// @return the number of the job
/// @throws core::EnvironmentError if the directory cannot be made or written, there is no sbatch in PATH, or
/// it refuses: with its own words; core::ConfigError as above
std::string submit_to_slurm(SlurmArray const& array);

}  // namespace corpuscle::tune
