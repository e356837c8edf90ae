// Runs the program as its users do, in a folder of the test's own.
#pragma once
#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <spawn.h>
#include <string>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace fs = std::filesystem;
extern char** environ;

constexpr auto patience = std::chrono::seconds(60);

inline std::string slurp(fs::path const& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

// A folder of the test's own, gone with it. The .git in it stops the search for a portcullis.toml above.
class Folder {
  public:
    Folder() {
        std::string name = (fs::temp_directory_path() / "portcullis-test-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path_ = name;
        fs::create_directory(path_ / ".git");
    }
    ~Folder() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    Folder(Folder const&) = delete;
    Folder& operator=(Folder const&) = delete;

    fs::path const& path() const { return path_; }
    void write(fs::path const& name, std::string_view text) const {
        fs::create_directories((path_ / name).parent_path());
        std::ofstream(path_ / name, std::ios::binary) << text;
    }
    std::string read(fs::path const& name) const { return slurp(path_ / name); }

  private:
    fs::path path_;
};

struct Result {
    int code = -1; // of a signal: 128 and its number
    std::string out;
    std::string err;
};

struct Call {
    std::string input;                    // standard input
    std::vector<std::string> environment; // NAME=VALUE
    std::string out_path;                 // standard output goes here instead
};

// The environment without what decides on colour, and with `added`.
inline std::vector<std::string> environment(std::vector<std::string> added) {
    for (char** entry = environ; *entry != nullptr; ++entry) {
        std::string_view const text = *entry;
        bool const colour =
            text.starts_with("NO_COLOR=") || text.starts_with("CLICOLOR") || text.starts_with("FORCE_COLOR=");
        if (!colour) added.emplace_back(text);
    }
    return added;
}

inline std::vector<char*> pointers(std::vector<std::string>& words) {
    std::vector<char*> all;
    for (std::string& word : words) all.push_back(word.data());
    all.push_back(nullptr);
    return all;
}

inline int wait_for(pid_t child) {
    auto const deadline = std::chrono::steady_clock::now() + patience;
    int status = 0;
    while (::waitpid(child, &status, WNOHANG) == 0) {
        if (std::chrono::steady_clock::now() > deadline) {
            ::kill(child, SIGKILL);
            ::waitpid(child, &status, 0);
            FAIL("the program did not end within a minute");
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

// Runs `portcullis ARGUMENTS` in the folder.
inline Result run(Folder const& folder, std::vector<std::string> arguments, Call call = {}) {
    Folder streams;
    streams.write("in", call.input);
    std::string const out = call.out_path.empty() ? (streams.path() / "out").string() : call.out_path;
    std::string const err = streams.path() / "err";
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, (streams.path() / "in").c_str(), O_RDONLY, 0);
    ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, out.c_str(), O_WRONLY | O_CREAT, 0600);
    ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, err.c_str(), O_WRONLY | O_CREAT, 0600);
    ::posix_spawn_file_actions_addchdir_np(&actions, folder.path().c_str());
    arguments.insert(arguments.begin(), PORTCULLIS_BINARY);
    call.environment = environment(std::move(call.environment));
    pid_t child = 0;
    int const error = ::posix_spawn(&child, PORTCULLIS_BINARY, &actions, nullptr, pointers(arguments).data(),
                                    pointers(call.environment).data());
    ::posix_spawn_file_actions_destroy(&actions);
    REQUIRE(error == 0);
    Result result;
    result.code = wait_for(child);
    result.out = call.out_path.empty() ? streams.read("out") : "";
    result.err = streams.read("err");
    return result;
}
