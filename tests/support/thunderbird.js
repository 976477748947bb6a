// What a test asks Thunderbird for (tests/support/thunderbird.py); runs inside it, with the rights of its own windows.
const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
const { setTimeout } = ChromeUtils.importESModule("resource://gre/modules/Timer.sys.mjs");
const openpgp = name => ChromeUtils.importESModule(`chrome://openpgp/content/modules/${name}.sys.mjs`);
const windows = type => [...Services.wm.getEnumerator(type)];
const account = address => MailServices.accounts.accounts.find(one => one.defaultIdentity?.email == address);
const certificates = () => Cc["@mozilla.org/security/x509certdb;1"].getService(Ci.nsIX509CertDB);

// A question that Thunderbird puts to its user is not answered but told: the test fails with its words.
function questions() {
  const apart = windows(null).filter(one => one.location.href.endsWith("commonDialog.xhtml"));
  const inside = windows("msgcompose").map(one => one.document.querySelector("dialog[open]"));
  const dialogs = [...apart.map(one => one.document.getElementById("infoBody")), ...inside];
  return dialogs.map(one => one?.textContent.trim().replace(/\s+/g, " ") ?? "").join(" ").trim();
}

async function until(condition, otherwise, patience) {
  const end = Date.now() + patience * 1000;
  for (;;) {
    const value = await condition();
    if (value) return value;
    const asked = questions();
    if (asked || Date.now() > end) throw new Error(`${otherwise}${asked && `; it says: ${asked}`}`);
    await new Promise(resolve => setTimeout(resolve, 50));
  }
}

const type = (editor, text) => editor.QueryInterface(Ci.nsIEditorMailSupport).insertTextWithQuotations(text);

const calls = {
  async ready({ password, patience }) {
    await until(
      () => windows("mail:3pane")[0]?.document.readyState == "complete" && MailServices.accounts.accounts.length,
      "no main window", patience);
    for (const { incomingServer } of MailServices.accounts.accounts) {
      const login = Cc["@mozilla.org/login-manager/loginInfo;1"].createInstance(Ci.nsILoginInfo);
      login.init("imap://127.0.0.1", null, "imap://127.0.0.1", incomingServer.username, password, "", "");
      await Services.logins.addLoginAsync(login);
    }
    await openpgp("core").EnigmailCore.init();
    await openpgp("RNP").RNP.init();
    return Services.appinfo.version;
  },

  async ownKey({ address, key, fingerprint }) {
    const done = await openpgp("RNP").RNP.importSecKeyBlockImpl(windows("mail:3pane")[0], null, false, atob(key), []);
    if (done.exitCode) throw new Error(done.errorMsg);
    await openpgp("sqliteDb").PgpSqliteDb2.updateAcceptance(fingerprint, [address], "personal");
    openpgp("keyRing").EnigmailKeyRing.clearCache();
    account(address).defaultIdentity.setUnicharAttribute("openpgp_key_id", fingerprint.slice(-16));
  },

  async acceptKey({ address, key, fingerprint }) {
    const ring = openpgp("keyRing").EnigmailKeyRing;
    const error = {};
    if (await ring.importKeyAsync(windows("mail:3pane")[0], false, key, false, "", error, {})) throw new Error(error.value);
    await openpgp("sqliteDb").PgpSqliteDb2.updateAcceptance(fingerprint, [address], "verified");
    ring.clearCache();
  },

  async aliases({ file }) {
    Services.prefs.setStringPref("mail.openpgp.alias_rules_file", file);
    await openpgp("OpenPGPAlias").OpenPGPAlias.load();
  },

  async ownCertificate({ address, file, passphrase }) {
    const pkcs12 = Cc["@mozilla.org/file/local;1"].createInstance(Ci.nsIFile);
    pkcs12.initWithPath(file);
    const status = certificates().importPKCS12File(pkcs12, passphrase);
    if (status) throw new Error(`the PKCS #12 file is not taken: ${status}`);
    const own = certificates().getCerts().find(one => one.emailAddress == address);
    const identity = account(address).defaultIdentity;
    for (const use of ["signing", "encryption"]) {
      identity.setUnicharAttribute(`${use}_cert_name`, own.displayName);
      identity.setUnicharAttribute(`${use}_cert_dbkey`, own.dbKey);
    }
  },

  async acceptCertificate({ certificate, trust }) {
    certificates().addCertFromBase64(certificate, trust);
  },

  async send({ address, to, subject, text, files, patience }) {
    const { defaultIdentity: identity } = account(address);
    const composeFields = Cc["@mozilla.org/messengercompose/composefields;1"].createInstance(Ci.nsIMsgCompFields);
    Object.assign(composeFields, { to, subject });
    for (const url of files) {
      const attachment = Cc["@mozilla.org/messengercompose/attachment;1"].createInstance(Ci.nsIMsgAttachment);
      Object.assign(attachment, { url, name: decodeURIComponent(url.replace(/.*\//, "")) });
      composeFields.addAttachment(attachment);
    }
    const wanted = Cc["@mozilla.org/messengercompose/composeparams;1"].createInstance(Ci.nsIMsgComposeParams);
    Object.assign(wanted, { type: Ci.nsIMsgCompType.New, format: Ci.nsIMsgCompFormat.Default, identity, composeFields });
    const write = editor => type(editor, text);
    await this.sent(() => MailServices.compose.OpenComposeWindowWithParams(null, wanted), write, patience);
  },

  async reply({ address, id, text, filled, patience }) {
    const header = await this.header({ address, id, patience });
    const found = (body, words) => {
      const texts = body.ownerDocument.createTreeWalker(body, 4);
      while (texts.nextNode()) if (texts.currentNode.data.includes(words)) return texts.currentNode;
      return null;
    };
    const write = async editor => {
      await until(() => editor.document.querySelector("blockquote"), "it does not quote", patience);
      type(editor, text);
      for (const [blank, complete] of filled) {
        const line = await until(() => found(editor.document.body, blank), `nothing to fill in: ${blank}`, patience);
        line.data = line.data.replace(blank, complete);
      }
    };
    await this.sent(() => MailServices.compose.OpenComposeWindow(
      null, header, header.folder.getUriForMsg(header), Ci.nsIMsgCompType.ReplyToSender, Ci.nsIMsgCompFormat.Default,
      account(address).defaultIdentity, null, null), write, patience);
  },

  // A compose window, from its opening to the wire, with the buttons that its user has.
  async sent(open, write, patience) {
    const before = windows("msgcompose");
    open();
    const composing = await until(
      () => windows("msgcompose").find(one => !before.includes(one) && one.gMsgCompose?.editor && !one.gWindowLocked),
      "no compose window", patience);
    await write(composing.GetCurrentEditor());
    const encrypt = await until(
      () => composing.document.querySelector("#button-encryption:not([disabled])"), "it cannot encrypt", patience);
    if (!composing.gSendEncrypted) encrypt.click();
    await until(() => composing.gSendEncrypted && composing.gSendSigned, "it does not encrypt and sign", patience);
    composing.goDoCommand("cmd_sendNow");
    await until(() => composing.closed, "not sent", patience);
  },

  async header({ address, id, patience }) {
    const inbox = account(address).incomingServer.rootFolder.getFolderWithFlags(Ci.nsMsgFolderFlags.Inbox);
    return until(async () => {
      await new Promise(resolve => inbox.getNewMessages(
        windows("mail:3pane")[0].msgWindow, { OnStartRunningUrl() {}, OnStopRunningUrl: resolve }));
      return inbox.msgDatabase.getMsgHdrForMessageID(id);
    }, "the mail is not in the inbox", patience);
  },

  // A mail in a tab of its own, decrypted; gives the tab.
  async opened({ address, id, patience }) {
    const header = await this.header({ address, id, patience });
    const main = windows("mail:3pane")[0];
    // Thunderbird 153 keeps the mail decrypted last by folder name and number: another account's shows the same one.
    openpgp("singletons").EnigmailSingletons.lastDecryptedMessage.lastMessageURI = null;
    let processed = false;
    main.addEventListener("SecureMailLoaded", () => (processed = true), { once: true });
    const tab = main.OpenMessageInNewTab(header, { background: false });
    await until(() => processed, "the mail is not opened", patience);
    return tab;
  },

  async addSentKey({ address, id, patience }) {
    const tab = await this.opened({ address, id, patience });
    const shown = tab.chromeBrowser.contentWindow;
    await until(() => !shown.document.getElementById("openpgpKeyBox").hidden, "it offers no key", patience);
    // As its button "Import…" does when "Accepted (unverified)" was chosen; while that modal question is open, scripts
    // of a test rest.
    const { attachedKeys, attachedSenderEmailKeysIndex } = shown.Enigmail.msg;
    for (const { idx, keyInfo } of attachedSenderEmailKeysIndex) {
      const error = {};
      const failed = await openpgp("keyRing").EnigmailKeyRing.importKeyAsync(
        shown, false, attachedKeys[idx], true, "", error, null, false, [`0x${keyInfo.fpr}`], "unverified");
      if (failed) throw new Error(error.value);
    }
    windows("mail:3pane")[0].document.getElementById("tabmail").closeTab(tab);
  },

  async show({ address, id, patience }) {
    const tab = await this.opened({ address, id, patience });
    const tabs = windows("mail:3pane")[0].document.getElementById("tabmail");
    const shown = tab.chromeBrowser.contentWindow;
    const badge = name => {
      const icon = shown.document.getElementById(`${name}HdrIcon`);
      return icon.hidden ? "" : icon.getAttribute("src").replace(/.*message-(encrypted|signed)-|\.svg/g, "");
    };
    const page = () => shown.getMessagePaneBrowser().contentDocument;
    await until(() => page()?.readyState == "complete", "the mail is not shown", patience);
    const text = await until(() => page()?.body?.innerText.trim(), "the mail has no text", patience);
    const technology = shown.document.getElementById("cryptoBox").getAttribute("tech") ?? "";
    // A certificate is checked in the background.
    const checked = () => badge("signed") && !(technology == "S/MIME" && badge("signed") == "unknown");
    await until(checked, "it says nothing of a signature", patience);
    const seen = {
      technology,
      encrypted: badge("encrypted"),
      signed: badge("signed"),
      subject: shown.document.getElementById("expandedsubjectBox").textContent,
      text,
    };
    tabs.closeTab(tab);
    return seen;
  },
};
