"""The file that `sojourn machines init` writes: short, commented, and valid as it stands."""

INITIAL = """\
# Machines that Sojourn hands jobs to. `sojourn machines check NAME` tries one.
# ${VARIABLE} is replaced by the variable of your environment; write $${ for a plain ${.
# Passwords and passphrases have no place here: use an SSH key, or `sojourn login NAME`.

# default: local                # the machine for those who name none

machines:

  local:                        # this computer; known by this name also without any file
    backend: local
    # slots: 4                  # so many jobs run at a time

  # cluster:                    # a name of your own
  #   backend: slurm            # or pbs: what runs the jobs there
  #   host: login.example.org   # or an alias of ~/.ssh/config, ProxyJump included
  #   user: me                  # if it is another name than here
  #   transport: ssh            # openssh for one-time codes, Kerberos or ControlMaster
  #   root: /scratch/me/sojourn # where everything of ours lies; default ~/.sojourn
  #   shell: bash -l            # what a job's command is run with; default sh
  #   path: [/opt/slurm/bin]    # where the scheduler's commands are, if not on PATH
  #   defaults:                 # for jobs that do not say otherwise
  #     queue: normal
  #     account: abc123
  #     walltime: 1h
  #   setup: |                  # shell lines before every job
  #     module load gcc/12
  #   poll: {interval: 30s}
  #   max_jobs: 500             # most jobs of ours in its queue at a time
  #   group: physics            # a root shared by a Unix group; otherwise it is yours alone
"""
