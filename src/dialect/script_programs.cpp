#include "dialect/script_programs.hpp"

#include <algorithm>
#include <array>

namespace portcullis::iptables {
namespace {

using shell::Field;

// Commands in front of the command that they run, and which of their options take a value.
struct Wrapper {
    std::string_view name;
    std::string_view valued;
    std::size_t operands = 0; // of their own, before the command
};
constexpr Wrapper wrappers[] = {
    {"sudo", "ugCphrtTU"}, {"doas", "uC"},   {"command", ""}, {"exec", "a"},        {"builtin", ""},
    {"env", "uCS"},        {"nice", "n"},    {"nohup", ""},   {"timeout", "ks", 1}, {"time", ""},
    {"busybox", ""},       {"ionice", "cn"}, {"setsid", ""},
};

struct Suffix {
    std::string_view text;
    Program::Kind kind;
};
constexpr Suffix suffixes[] = {
    {"", Program::Kind::tables},
    {"-restore", Program::Kind::restore},
    {"-save", Program::Kind::harmless},
    {"-xml", Program::Kind::harmless},
    {"-translate", Program::Kind::harmless},
    {"-restore-translate", Program::Kind::harmless},
    {"-apply", Program::Kind::changes},
};

constexpr std::string_view changers[] = {
    "nft",
    "ufw",
    "firewall-cmd",
    "firewall-offline-cmd",
    "ferm",
    "shorewall",
    "shorewall6",
    "firehol",
    "fail2ban-client",
    "ebtables",
    "arptables",
    "conntrack",
    "ipvsadm",
    "docker",
    "sh",
    "bash",
    "dash",
    "ksh",
    "xargs",
    "parallel",
    "chroot",
    "unshare",
    "nsenter",
    "su",
};

constexpr std::string_view harmless[] = {
    "echo",        "printf",
    "sysctl",      "modprobe",
    "rmmod",       "insmod",
    "depmod",      "lsmod",
    "ip",          "ifconfig",
    "route",       "cat",
    "grep",        "egrep",
    "fgrep",       "sed",
    "awk",         "gawk",
    "cut",         "tr",
    "sort",        "uniq",
    "head",        "tail",
    "wc",          "tee",
    "sleep",       "logger",
    "log",         "touch",
    "mkdir",       "rmdir",
    "rm",          "mv",
    "cp",          "ln",
    "chmod",       "chown",
    "chgrp",       "id",
    "whoami",      "which",
    "whereis",     "type",
    "date",        "tc",
    "hostname",    "uname",
    "clear",       "reset",
    "cd",          "pwd",
    "umask",       "ulimit",
    "trap",        "wait",
    "kill",        "killall",
    "pkill",       "pgrep",
    "ps",          "dirname",
    "basename",    "readlink",
    "realpath",    "expr",
    "seq",         "find",
    "ls",          "stat",
    "test",        "mktemp",
    "dig",         "host",
    "nslookup",    "getent",
    "ping",        "ping6",
    "arp",         "ipcalc",
    "ethtool",     "brctl",
    "bridge",      "iw",
    "iwconfig",    "hostapd",
    "curl",        "wget",
    "ssh-keygen",  "diff",
    "cmp",         "md5sum",
    "sha256sum",   "logname",
    "tput",        "stty",
    "tty",         "shopt",
    "pushd",       "popd",
    "apt-get",     "apt",
    "yum",         "dnf",
    "apk",         "pacman",
    "dpkg",        "rpm",
    "opkg",        "chkconfig",
    "update-rc.d", "rc-update",
    "sync",        "mount",
    "umount",      "lsof",
    "ss",          "netstat",
    "tcpdump",     "dmesg",
    "history",     "unalias",
    "jobs",        "vi",
    "nano",        "vim",
    "less",        "more",
    "git",         "gzip",
    "tar",         "dd",
    "stdbuf",      "xxd",
    "iperf",       "iperf3",
    "nc",          "ncat",
    "telnet",      "dialog",
    "whiptail",    "usleep",
    "success",     "failure",
    "ebegin",      "eend",
    "einfo",       "log_daemon_msg",
    "log_end_msg", "log_action_msg",
};

constexpr std::string_view services[] = {"service", "systemctl", "invoke-rc.d", "rc-service",
                                         "netfilter-persistent"};
constexpr std::string_view firewalls[] = {"iptables",  "ip6tables", "firewalld", "ufw",    "nftables",
                                          "shorewall", "firewall",  "fail2ban",  "docker", "netfilter"};
constexpr std::string_view idle_actions[] = {"save",   "status",    "enable",     "disable",       "mask",
                                             "unmask", "is-active", "is-enabled", "daemon-reload", "show"};

bool is_one_of(std::string_view name, auto const& list) { return std::ranges::find(list, name) != std::end(list); }

std::string_view base_name(std::string_view path) { return path.substr(path.find_last_of('/') + 1); }

// Which program of iptables has the name, if any: "ip6tables-legacy-restore".
std::optional<Program> iptables_program(std::string_view name) {
    Program program;
    for (std::string_view const family : {"ip6tables", "iptables"}) {
        if (!name.starts_with(family)) continue;
        program.family = family == "ip6tables" ? Family::v6 : Family::v4;
        name.remove_prefix(family.size());
        for (std::string_view const variant : {"-legacy", "-nft"})
            if (name.starts_with(variant)) name.remove_prefix(variant.size());
        for (Suffix const& suffix : suffixes) {
            if (name != suffix.text) continue;
            program.kind = suffix.kind;
            return program;
        }
        return std::nullopt;
    }
    return std::nullopt;
}

bool is_assignment(std::string_view word) {
    std::size_t const equals = word.find('=');
    return equals != std::string_view::npos && equals > 0 && word.find_first_of("-/ ") > equals;
}

// "sudo -n -u root iptables …" runs "iptables …".
bool unwrap(std::vector<Field>& command) {
    auto const wrapper = std::ranges::find(wrappers, base_name(command.front().text), &Wrapper::name);
    if (wrapper == std::end(wrappers) || !command.front().known) return false;
    std::size_t at = 1;
    std::size_t operands = wrapper->operands;
    for (; at < command.size(); ++at) {
        std::string_view const word = command[at].text;
        if (word == "--") {
            ++at;
            break;
        }
        if (word.size() > 1 && word.front() == '-') {
            if (word.size() == 2 && wrapper->valued.find(word[1]) != std::string_view::npos) ++at;
        } else if (is_assignment(word)) {
            continue;
        } else if (operands-- == 0) {
            break;
        }
    }
    command.erase(command.begin(), command.begin() + static_cast<std::ptrdiff_t>(std::min(at, command.size())));
    return true;
}

// A variable that the script does not set; its name may say what it is for.
std::optional<Program> guess(std::vector<Field> const& command) {
    std::string name = command.front().text;
    for (char& c : name) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
    bool const v6 = name.find("ip6t") != std::string::npos || name.find("ipt6") != std::string::npos ||
                    name.find("ip6") != std::string::npos;
    bool const v4 = name.find("ipt") != std::string::npos;
    if ((!v4 && !v6) || command.size() < 2) return std::nullopt;
    bool const restores = name.find("restore") != std::string::npos;
    if (name.find("save") != std::string::npos) return Program{Program::Kind::harmless};
    if (!restores && !command[1].text.starts_with('-')) return std::nullopt;
    return Program{restores ? Program::Kind::restore : Program::Kind::tables, v6 ? Family::v6 : Family::v4, true};
}

Program::Kind service_kind(std::vector<Field> const& command) {
    bool firewall = false;
    bool idle = false;
    for (Field const& field : command) {
        for (std::string_view const name : firewalls)
            firewall = firewall || base_name(field.text).starts_with(name);
        idle = idle || is_one_of(field.text, idle_actions);
    }
    return firewall && !idle ? Program::Kind::changes : Program::Kind::harmless;
}

} // namespace

bool is_iptables_program(std::string_view path) {
    std::size_t const slash = path.find_last_of('/');
    bool const executable = slash == std::string_view::npos || path.substr(0, slash).ends_with("bin");
    return executable && iptables_program(base_name(path)).has_value();
}

Program identify(std::vector<Field>& command) {
    while (!command.empty() && unwrap(command)) {
    }
    if (command.empty()) return {Program::Kind::harmless};
    Field const& first = command.front();
    if (!first.known) return guess(command).value_or(Program{});
    std::string_view const name = base_name(first.text);
    if (auto const program = iptables_program(name)) return *program;
    // "ip netns exec other iptables …" is another firewall, and what it does there is not ours.
    if (is_one_of(name, services) || first.text.starts_with("/etc/init.d/")) return {service_kind(command)};
    if (is_one_of(name, changers)) return {Program::Kind::changes};
    return {is_one_of(name, harmless) ? Program::Kind::harmless : Program::Kind::other};
}

} // namespace portcullis::iptables
