# SPDX-License-Identifier: MIT
# A private apt: the machine's mirrors, proxies and keys, but none of its packages or state. Sourced
# by the scripts that fetch packages of another suite; needs no root. What they fetch is theirs.
# shellcheck shell=sh

apt_codename='(stretch|buster|bullseye|bookworm|trixie|forky|duke|sid|(old)*stable|testing|unstable)'

# apt reads its own configuration itself, one-line and deb822 sources alike. A third party's archive
# has no Debian suite; a disc cannot have another one.
apt_sources()
{
	# shellcheck disable=SC2016 # apt expands these
	apt-get indextargets --no-release-info --format '$(REPO_URI) $(RELEASE)' 2>/dev/null |
		grep -v '^cdrom:' | LC_ALL=C sort -u
}

# The URIs of Debian archives that this machine uses, each with its final slash.
apt_archives()
{
	apt_sources | sed -nE "s/ $apt_codename(-updates|-backports)?\$//p" | uniq
}

# A retired suite's key moves to the second file.
apt_keys()
{
	apt_list=
	for ring in archive-keyring archive-removed-keys; do
		for file in /usr/share/keyrings/debian-$ring.gpg \
			/usr/share/keyrings/debian-$ring.pgp; do
			[ ! -r "$file" ] ||
				{ apt_list="$apt_list${apt_list:+,}$file"; break; }
		done
	done
	printf '%s' "$apt_list"
}

# apt_source URI SUITE: its line of a sources.list.
apt_source()
{
	apt_list=$(apt_keys)
	printf 'deb [target=Packages%s] %s %s main\n' "${apt_list:+ signed-by=$apt_list}" "$1" "$2"
}

# apt_private FOLDER: makes FOLDER/apt.conf, to be given with -c; the sources go to
# FOLDER/sources.list. The file is read after the machine's own configuration, whose proxies stay in
# force and whose hooks (they clean the machine's own cache) do not. Release files of retired suites
# have expired; their signatures are still checked.
apt_private()
{
	mkdir -p "$1/state/lists/partial" "$1/cache/archives/partial"
	: >"$1/state/status"
	cat >"$1/apt.conf" <<CONF
Dir::Etc::sourcelist "$1/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State "$1/state";
Dir::State::status "$1/state/status";
Dir::Cache "$1/cache";
APT::Sandbox::User "$(id -un)";
APT::Default-Release "";
APT::Install-Recommends "false";
Acquire::Check-Valid-Until "false";
Acquire::ForceHash "SHA256";
Acquire::Languages "none";
Acquire::Retries "2";
Acquire::http::Timeout "30";
Acquire::https::Timeout "30";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
CONF
}
