# What a compiler can do against mistakes that are left, for our own code: checked calls of the C library, guarded stacks, branches that
# end where branches may, tables of the linker that nobody writes to. docs/reliability.md says what it costs; tests/package/hardened.py
# looks at the binary.
option(PORTCULLIS_HARDEN "Compile and link with the compiler's protections" ON)
set(portcullis_hardening "")
if(PORTCULLIS_HARDEN AND NOT PORTCULLIS_SANITIZE AND NOT PORTCULLIS_COVERAGE)
  include(CheckCXXCompilerFlag)
  foreach(flag IN ITEMS -fstack-protector-strong -fstack-clash-protection -fcf-protection)
    string(MAKE_C_IDENTIFIER "PORTCULLIS_HAS${flag}" known)
    check_cxx_compiler_flag(${flag} ${known})
    if(${known})
      list(APPEND portcullis_hardening ${flag})
    endif()
  endforeach()
  # It needs an optimising compiler.
  list(APPEND portcullis_hardening $<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE> $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=3>)
  include(CheckPIESupported)
  check_pie_supported(LANGUAGES CXX)
  add_link_options(-Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
endif()
