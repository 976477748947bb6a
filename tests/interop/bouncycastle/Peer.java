// A mail program of Bouncy Castle: sign and encrypt, decrypt, verify; octets on standard input and output.
import java.io.FileInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Security;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.List;
import org.bouncycastle.cert.jcajce.JcaCertStore;
import org.bouncycastle.cms.*;
import org.bouncycastle.cms.jcajce.*;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.jcajce.*;

public class Peer {
    public static void main(String[] arguments) throws Exception {
        Security.addProvider(new BouncyCastleProvider());
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(new FileInputStream(arguments[1]), "x".toCharArray());
        String name = store.aliases().nextElement();
        PrivateKey key = (PrivateKey) store.getKey(name, "x".toCharArray());
        X509Certificate own = (X509Certificate) store.getCertificate(name);
        X509Certificate gateway = (X509Certificate)
            CertificateFactory.getInstance("X.509").generateCertificate(new FileInputStream(arguments[2]));
        byte[] octets = System.in.readAllBytes();
        switch (arguments[0]) {
            case "sign" -> System.out.write(signed(octets, key, own, arguments[3].equals("opaque")));
            case "encrypt" -> System.out.write(encrypted(octets, gateway));
            case "read" -> {
                RecipientInformation reader =
                    new CMSEnvelopedData(octets).getRecipientInfos().getRecipients().iterator().next();
                System.out.write(reader.getContent(new JceKeyTransEnvelopedRecipient(key).setProvider("BC")));
            }
            case "verify" -> {
                byte[] signature = Files.readAllBytes(Path.of(arguments[3]));
                CMSSignedData signed = new CMSSignedData(new CMSProcessableByteArray(octets), signature);
                for (SignerInformation signer : signed.getSignerInfos().getSigners()) {
                    var verifier = new JcaSimpleSignerInfoVerifierBuilder().setProvider("BC").build(gateway);
                    System.out.print(signer.verify(verifier) ? "good" : "bad");
                }
            }
            default -> throw new IllegalArgumentException();
        }
        System.out.flush();
    }

    private static byte[] signed(byte[] octets, PrivateKey key, X509Certificate own, boolean opaque)
            throws Exception {
        CMSSignedDataGenerator signing = new CMSSignedDataGenerator();
        signing.addSignerInfoGenerator(
            new JcaSimpleSignerInfoGeneratorBuilder().setProvider("BC").build("SHA256withRSA", key, own));
        signing.addCertificates(new JcaCertStore(List.of(own)));
        return signing.generate(new CMSProcessableByteArray(octets), opaque).getEncoded();
    }

    private static byte[] encrypted(byte[] octets, X509Certificate gateway) throws Exception {
        CMSEnvelopedDataGenerator encrypting = new CMSEnvelopedDataGenerator();
        encrypting.addRecipientInfoGenerator(new JceKeyTransRecipientInfoGenerator(gateway).setProvider("BC"));
        var cipher = new JceCMSContentEncryptorBuilder(CMSAlgorithm.AES256_CBC).setProvider("BC").build();
        return encrypting.generate(new CMSProcessableByteArray(octets), cipher).getEncoded();
    }
}
